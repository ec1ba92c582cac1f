// What is said of a recording, in words for whoever is no engineer.
import type { Schemas } from "../api/client";
import { common, SPOKEN } from "../words/common";
import { number, say, t, tenths } from "../words/index.svelte";
import { recordings } from "../words/recordings";
import { clock, dayOf, length, time } from "./times.svelte";

export type Segment = Schemas["Segment"];
export type State = Segment["state"];
/** One end of a validity: a date in the station's zone, or an instant. */
export type Bound = NonNullable<Segment["valid_until"]>;

export interface Fact {
  kind: "good" | "warn" | "plain";
  text: string;
}

const KINDS: Record<State, "good" | "warn" | "bad" | ""> = {
  received: "",
  inspecting: "",
  awaiting_approval: "warn",
  approved: "good",
  altered: "bad",
  rejected: "bad",
  expired: "",
  withdrawn: "",
};
/** How a state's badge is coloured. */
export const kindOf = (state: State): string => KINDS[state];
export const stateName = (state: State): string => t(common[`state_${state}`]);
export const className = (name: Segment["class"]): string => t(common[`class_${name}`]);

/** A language by its tag; a tag that the page does not know stands for itself. */
export function languageName(tag: string): string {
  const known = SPOKEN.find((it) => it === tag);
  return known ? t(common[`language_${known}`]) : tag;
}

/** The day of one end of a validity: a date as it is, an instant in the station's zone. */
export function dayOfBound(bound: Bound): string {
  const text = String(bound);
  return text.length === 10 ? text : dayOf(text);
}
/** An instant that is within this date in every zone from UTC-5 to UTC+14. */
const within = (day: string): number => Date.parse(`${day}T05:00:00Z`);
const shownDay = (bound: Bound): string => time("date", within(dayOfBound(bound)));

const DAY = 24 * 3_600_000;

/** Days until its validity is over, today being 0; null while it has no end. */
export function daysLeft(segment: Pick<Segment, "valid_until">, now: number): number | null {
  if (!segment.valid_until) return null;
  return Math.round((within(dayOfBound(segment.valid_until)) - within(dayOf(now))) / DAY);
}

/** When it may air, as one sentence. */
export function validity({
  valid_from: from,
  valid_until: until,
}: Pick<Segment, "valid_from" | "valid_until">): string {
  if (from && until) return t(recordings.valid, { from: shownDay(from), until: shownDay(until) });
  if (until) return t(recordings.valid_until, { until: shownDay(until) });
  if (from) return t(recordings.begins, { date: shownDay(from) });
  return t(recordings.valid_always);
}

/** What a list says of its end, and whether it is soon. */
export function expiry(segment: Segment, now: number): { soon: boolean; text: string } | null {
  const left = daysLeft(segment, now);
  if (left === null || !segment.valid_until) return null;
  const date = shownDay(segment.valid_until);
  if (left < 0 || segment.state === "expired") return { soon: false, text: t(recordings.expired, { date }) };
  if (left === 0) return { soon: true, text: t(recordings.expires_today) };
  if (left <= 7) return { soon: true, text: t(recordings.expires_soon, { count: left }) };
  return { soon: false, text: t(recordings.expires, { date }) };
}

/** What a cut leaves out and what stays, to a tenth of a second. */
export function cutWords({ start, end }: { start: number; end: number }, length: number): string {
  const said = { start: tenths(start), end: tenths(length - end), left: tenths(end - start), length: tenths(length) };
  const [first, last] = [start > 0, length - end >= 0.001];
  if (first && last) return t(recordings.trim_both, said);
  if (first) return t(recordings.trim_start, said);
  return last ? t(recordings.trim_end, said) : t(recordings.trim_all, said);
}

/** Below this, in dB, nobody hears the difference. */
const HEARD = 1;

/** What was done to its sound and what is wrong with it. */
export function facts(segment: Segment): Fact[] {
  const { gain_db: gain, limited_db: limited, trimmed, warnings } = segment;
  if (warnings === null) return [];
  const found: Fact[] = [];
  const known = new Set(warnings.map((warning) => warning.code));
  if (gain !== null && !known.has("silent")) {
    const db = number(Math.abs(gain), undefined, 0);
    if (Math.abs(gain) < HEARD) found.push({ kind: "good", text: t(recordings.level_good) });
    else if (gain > 0 && !known.has("too_quiet") && !known.has("stays_quiet"))
      found.push({ kind: "plain", text: t(recordings.raised, { db }) });
    else if (gain < 0 && !known.has("too_loud")) found.push({ kind: "plain", text: t(recordings.lowered, { db }) });
  }
  if (limited !== null && limited >= 3)
    found.push({ kind: "plain", text: t(recordings.limited, { db: number(limited, undefined, 0) }) });
  if (segment.trim && segment.original_duration !== null)
    found.push({ kind: "plain", text: cutWords(segment.trim, segment.original_duration) });
  if (trimmed && trimmed.start >= 0.3)
    found.push({ kind: "plain", text: t(recordings.cut_start, { seconds: trimmed.start }) });
  if (trimmed && trimmed.end >= 0.3)
    found.push({ kind: "plain", text: t(recordings.cut_end, { seconds: trimmed.end }) });
  if (warnings.length === 0) found.push({ kind: "good", text: t(recordings.no_warnings) });
  return [...warnings.map((warning): Fact => ({ kind: "warn", text: say(warning) })), ...found];
}

/** Length, language and what else tells it from others, in one line. */
export const about = (segment: Segment): string =>
  [
    segment.duration === null ? null : length(segment.duration),
    languageName(segment.language),
    segment.music ? t(recordings.music) : null,
  ]
    .filter(Boolean)
    .join(" · ");

/** The same after its class. */
export const brief = (segment: Segment): string =>
  [className(segment.class), about(segment)].filter(Boolean).join(" · ");

/** A moment of today by its minute, of other days with the day. */
export function moment(instant: string): string {
  const at = Date.parse(instant);
  return dayOf(at) === dayOf(clock.now()) ? time("minute", at) : `${time("minute", at)} ${time("short", at)}`;
}

/** An amount of bytes. */
export function size(bytes: number): string {
  const [unit, factor] = bytes >= 1e9 ? ["GB", 1e9] : bytes >= 1e6 ? ["MB", 1e6] : (["kB", 1e3] as const);
  return `${number(bytes / Number(factor))} ${unit}`;
}
