// Days of the calendar as the station's zone has them, and the stretches of them that people ask for.

const HOUR = 3_600_000;

/** `2026-11-30` moved by so many days. */
export function addDays(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** The first of the month of a day, moved by so many months. */
export function firstOfMonth(day: string, months = 0): string {
  const at = new Date(`${day.slice(0, 7)}-01T00:00:00Z`);
  at.setUTCMonth(at.getUTCMonth() + months);
  return at.toISOString().slice(0, 10);
}

/** When a day begins in a zone, in milliseconds since 1970. */
export function midnight(day: string, zone: string | undefined): number {
  const wanted = Date.parse(`${day}T00:00:00Z`);
  let at = wanted;
  // twice: where the clock is changed, the first guess may stand on the other side
  for (let turn = 0; turn < 2; turn++) at += wanted - wallClock(at, zone);
  return at;
}

/** What a clock on the wall there shows, as if it were UTC. */
function wallClock(at: number, zone: string | undefined): number {
  let format: Intl.DateTimeFormat;
  const parts: Intl.DateTimeFormatOptions = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  };
  try {
    format = new Intl.DateTimeFormat("en-CA", { ...parts, timeZone: zone });
  } catch {
    format = new Intl.DateTimeFormat("en-CA", parts);
  }
  const said = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return Date.parse(`${said.year}-${said.month}-${said.day}T${said.hour}:${said.minute}:${said.second}Z`);
}

/** Says of many instants in which day they lie: neighbours lie in the same one. */
export function dayFinder(dayOf: (at: number) => string, zone: string | undefined): (at: number) => string {
  let [begin, end, day] = [0, 0, ""];
  return (at) => {
    if (at < begin || at >= end) {
      day = dayOf(at);
      begin = midnight(day, zone);
      end = midnight(addDays(day, 1), zone);
      // a zone that this browser does not know: a day at a time is lost, no more
      if (at < begin || at >= end) [begin, end] = [at, at + HOUR / 60];
    }
    return day;
  };
}

export type Stretch =
  "today" | "week" | "days30" | "month" | "last_month" | "quarter" | "last_quarter" | "year" | "all";

/** Days from `from` to the day before `to`; null is open. */
export interface Days {
  from: string | null;
  to: string | null;
}

/** What a stretch means on this day; the last day is in it. */
export function daysOf(stretch: Stretch, today: string): Days {
  const tomorrow = addDays(today, 1);
  const month = Number(today.slice(5, 7)) - 1;
  switch (stretch) {
    case "today":
      return { from: today, to: tomorrow };
    case "week":
      return { from: addDays(today, -6), to: tomorrow };
    case "days30":
      return { from: addDays(today, -29), to: tomorrow };
    case "month":
      return { from: firstOfMonth(today), to: firstOfMonth(today, 1) };
    case "last_month":
      return { from: firstOfMonth(today, -1), to: firstOfMonth(today) };
    case "quarter":
      return { from: firstOfMonth(today, -(month % 3)), to: firstOfMonth(today, 3 - (month % 3)) };
    case "last_quarter":
      return { from: firstOfMonth(today, -(month % 3) - 3), to: firstOfMonth(today, -(month % 3)) };
    case "year":
      return { from: `${today.slice(0, 4)}-01-01`, to: `${Number(today.slice(0, 4)) + 1}-01-01` };
    case "all":
      return { from: null, to: null };
  }
}
