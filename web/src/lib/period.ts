// The stretches of days that people ask for, and the days of many instants; the calendar itself is in `civil.ts`.
import { addDays, addMonths, instantOf, monthOf } from "./civil";

const MINUTE = 60_000;

/** Says of many instants in which day they lie: neighbours lie in the same one. */
export function dayFinder(dayOf: (at: number) => string, zone: string | undefined): (at: number) => string {
  let [begin, end, day] = [0, 0, ""];
  return (at) => {
    if (at < begin || at >= end) {
      day = dayOf(at);
      begin = instantOf(day, zone);
      end = instantOf(addDays(day, 1), zone);
      // a zone that this browser does not know: a day at a time is lost, no more
      if (at < begin || at >= end) [begin, end] = [at, at + MINUTE];
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
      return { from: monthOf(today), to: addMonths(today, 1) };
    case "last_month":
      return { from: addMonths(today, -1), to: monthOf(today) };
    case "quarter":
      return { from: addMonths(today, -(month % 3)), to: addMonths(today, 3 - (month % 3)) };
    case "last_quarter":
      return { from: addMonths(today, -(month % 3) - 3), to: addMonths(today, -(month % 3)) };
    case "year":
      return { from: `${today.slice(0, 4)}-01-01`, to: `${Number(today.slice(0, 4)) + 1}-01-01` };
    case "all":
      return { from: null, to: null };
  }
}
