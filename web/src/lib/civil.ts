// Days and times of day as they stand on a calendar, without a zone: `2026-11-30`, `2026-11-30T17:00:00`.
import { clock } from "./times.svelte";

const DAY = 86_400_000;
const asUtc = (civil: string) => Date.parse(`${civil.length > 10 ? civil.slice(0, 19) : `${civil}T00:00:00`}Z`);
const text = (utc: number) => new Date(utc).toISOString();

export const addDays = (day: string, days: number): string => text(asUtc(day) + days * DAY).slice(0, 10);

/** The first of the month of a day, moved by so many months. */
export function addMonths(day: string, months: number): string {
  const [year, month] = day.split("-").map(Number) as [number, number];
  return text(Date.UTC(year, month - 1 + months, 1)).slice(0, 10);
}

export const addSeconds = (civil: string, seconds: number): string => text(asUtc(civil) + seconds * 1000).slice(0, 19);
/** From one civil time to another. */
export const secondsBetween = (from: string, to: string): number => (asUtc(to) - asUtc(from)) / 1000;

/** 0 is Monday. */
export const weekdayOf = (day: string): number => (new Date(asUtc(day)).getUTCDay() + 6) % 7;
export const weekOf = (day: string): string => addDays(day, -weekdayOf(day));
export const monthOf = (day: string): string => `${day.slice(0, 7)}-01`;
export const daysBetween = (from: string, to: string): number => Math.round((asUtc(to) - asUtc(from)) / DAY);

/** All days from one to before another. */
export function daysFrom(from: string, to: string): string[] {
  return Array.from({ length: Math.max(0, daysBetween(from, to)) }, (_, index) => addDays(from, index));
}

const formats = new Map<string | undefined, Intl.DateTimeFormat>();

function formatOf(zone: string | undefined): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const parts: Intl.DateTimeFormatOptions = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  };
  let made: Intl.DateTimeFormat;
  try {
    made = new Intl.DateTimeFormat("en-CA", { ...parts, timeZone: zone });
  } catch {
    // a browser that does not know the station's zone
    made = new Intl.DateTimeFormat("en-CA", parts);
  }
  formats.set(zone, made);
  return made;
}

/** What the calendar and the clock of a zone show at an instant. */
export function civilOf(instant: number, zone: string | undefined = clock.zone): string {
  const parts = formatOf(zone).formatToParts(instant);
  const part = (type: string) => parts.find((part) => part.type === type)?.value ?? "00";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}`;
}

/** When a zone shows this. A time that the clock jumps over comes later, as the station counts it. */
export function instantOf(civil: string, zone: string | undefined = clock.zone): number {
  const wanted = asUtc(civil);
  const offset = (at: number) => asUtc(civilOf(at, zone)) - Math.floor(at / 1000) * 1000;
  // of the offsets before and after a change, the one before decides: gap → later, fold → the first
  const before = wanted - offset(wanted - DAY);
  if (offset(before) === wanted - before) return before;
  const after = wanted - offset(wanted + DAY);
  return offset(after) === wanted - after ? after : before;
}
