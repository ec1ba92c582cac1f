// Times as the station counts them: its clock, its zone, the reader's language.
import { number, tongue } from "../words/index.svelte";

const FORMATS = {
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { weekday: "long", day: "numeric", month: "numeric" },
  weekday: { weekday: "long" },
  short: { day: "2-digit", month: "2-digit" },
  date: { year: "numeric", month: "2-digit", day: "2-digit" },
  moment: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

export type TimeKind = keyof typeof FORMATS;

/** The station's clock: its zone, and how far it is from ours. */
class Clock {
  zone = $state<string | undefined>(undefined);
  /** What the station's wall clock said last, and when on our own monotonic clock. */
  #said = 0;
  #heard = 0;
  #set = false;
  /** Changes twice a second: whatever shows a moving time depends on it. */
  beat = $state(0);

  constructor() {
    setInterval(() => (this.beat += 1), 500);
  }

  set(now: string, zone: string) {
    this.#said = Date.parse(now);
    this.#heard = performance.now();
    this.#set = true;
    this.zone = zone;
  }

  /** The station's time, in milliseconds; ours until it has said something. */
  now(): number {
    return this.#set ? this.#said + performance.now() - this.#heard : Date.now();
  }

  /** As `now`, for what is shown: it moves. */
  get shown(): number {
    void this.beat;
    return this.now();
  }
}

export const clock = new Clock();

const made = new Map<string, Intl.DateTimeFormat>();

/** An instant in the station's zone. */
export function time(kind: TimeKind, instant: number | string): string {
  const key = `${kind} ${tongue.locale} ${clock.zone}`;
  let format = made.get(key);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat(tongue.locale, { ...FORMATS[kind], timeZone: clock.zone });
    } catch {
      // a browser that does not know the station's zone
      format = new Intl.DateTimeFormat(tongue.locale, FORMATS[kind]);
    }
    made.set(key, format);
  }
  const text = format.format(typeof instant === "string" ? Date.parse(instant) : instant);
  // Vietnamese data writes 23-11 without a year and 23/11/2026 with one: a page has one way
  return tongue.language === "vi" && (kind === "short" || kind === "day") ? text.replace("-", "/") : text;
}

/** The day of an instant in the station's zone, as `2026-11-30`. */
export function dayOf(instant: number | string): string {
  const at = typeof instant === "string" ? Date.parse(instant) : instant;
  try {
    return new Intl.DateTimeFormat("en-CA", {
      timeZone: clock.zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    }).format(at);
  } catch {
    return new Date(at).toISOString().slice(0, 10);
  }
}

/** Seconds as `m:ss`, or `h:mm:ss`. */
export function length(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export const decimal = (value: number): string => number(value);
