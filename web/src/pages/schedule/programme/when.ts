// When a programme starts, as people say it, and the same as a cron expression (docs/cron.md).

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

export type When =
  /** `days`: 0 is Monday; all seven is every day. `times`: `05:00`, `05:00:30`. */
  | { kind: "weekly"; days: number[]; times: string[] }
  /** Days of the month; 0 is its last. */
  | { kind: "monthly"; days: number[]; times: string[] }
  /** Civil times: `2026-11-30T17:00`. */
  | { kind: "dates"; at: string[] }
  | { kind: "cron"; expression: string };

/** Why it cannot be said as one expression. */
export type Trouble = "no_days" | "no_times" | "mixed_times" | "no_dates" | "no_expression";

const numbers = (times: string[], part: number) => [
  ...new Set(times.map((time) => Number(time.split(":")[part] ?? 0))),
];
const list = (values: number[]) => values.sort((a, b) => a - b).join(",");

/** The times in order, each once. */
export const inOrder = (times: string[]): string[] =>
  [...new Set(times.filter(Boolean).map((time) => time.replace(/^(\d\d:\d\d):00$/, "$1")))].sort();

export function troubleOf(when: When): Trouble | null {
  if (when.kind === "cron") return when.expression.trim() ? null : "no_expression";
  if (when.kind === "dates") return when.at.some(Boolean) ? null : "no_dates";
  const times = inOrder(when.times);
  if (when.days.length === 0) return "no_days";
  if (times.length === 0) return "no_times";
  // one expression means every hour with every minute and every second
  const product = [0, 1, 2].reduce((all, part) => all * numbers(times, part).length, 1);
  return product === times.length ? null : "mixed_times";
}

/** The expression; null where there is none, or no single one. */
export function cronOf(when: When): string | null {
  if (when.kind === "dates" || troubleOf(when)) return null;
  if (when.kind === "cron") return when.expression.trim().replace(/\s+/g, " ");
  const times = inOrder(when.times);
  const clock = [2, 1, 0].map((part) => list(numbers(times, part))).join(" ");
  if (when.kind === "weekly") return `${clock} * * ${daysOf([...when.days].sort((a, b) => a - b))}`;
  const days = [...when.days].sort((a, b) => (a || 99) - (b || 99)).map((day) => (day === 0 ? "L" : String(day)));
  return `${clock} ${days.join(",")} * *`;
}

/** `Mon-Fri`, `Mon,Wed`, `*`. */
function daysOf(days: number[]): string {
  if (days.length === 7) return "*";
  const first = days[0]!;
  const run = days.length > 2 && days.every((day, index) => day === first + index);
  if (run) return `${NAMES[first]}-${NAMES[days.at(-1)!]}`;
  return days.map((day) => NAMES[day]).join(",");
}

/** Reads back what people could have said; anything else stays an expression. */
export function whenOf(expression: string): When {
  const cron: When = { kind: "cron", expression };
  const fields = expression.trim().split(/\s+/);
  if (fields.length === 5) fields.unshift("0");
  if (fields.length !== 6) return cron;
  const unix = expression.trim().split(/\s+/).length === 5;
  const [second, minute, hour, day, month, weekday] = fields as [string, string, string, string, string, string];
  const seconds = values(second, 59);
  const minutes = values(minute, 59);
  const hours = values(hour, 23);
  if (!seconds || !minutes || !hours || !any(month)) return cron;
  if (seconds.length * minutes.length * hours.length > 24) return cron;
  const two = (value: number) => String(value).padStart(2, "0");
  const times = inOrder(
    hours.flatMap((h) => minutes.flatMap((m) => seconds.map((s) => `${two(h)}:${two(m)}:${two(s)}`))),
  );
  if (any(day)) {
    const days = weekdays(weekday, unix);
    return days ? { kind: "weekly", days, times } : cron;
  }
  const days = day.toUpperCase() === "L" ? [0] : day.split(",").map((part) => (part === "L" ? 0 : whole(part, 31)));
  if (!any(weekday) || days.some((day) => day === null)) return cron;
  return { kind: "monthly", days: days as number[], times };
}

const any = (field: string) => field === "*" || field === "?";
const whole = (text: string, most: number) => (/^\d{1,2}$/.test(text) && Number(text) <= most ? Number(text) : null);

/** A list of numbers and ranges; null for anything else, `*` and steps among it. */
function values(field: string, most: number): number[] | null {
  const found: number[] = [];
  for (const part of field.split(",")) {
    const [from, to] = part.split("-").map((text) => whole(text, most));
    if (from === null || from === undefined || to === null || part.split("-").length > 2) return null;
    if (to !== undefined && to < from) return null;
    for (let value = from; value <= (to ?? from); value++) found.push(value);
  }
  return found;
}

/** Days of the week; numbers as Unix counts them in five fields, as Quartz does in six. */
function weekdays(field: string, unix: boolean): number[] | null {
  if (any(field)) return [0, 1, 2, 3, 4, 5, 6];
  const days = new Set<number>();
  for (const part of field.replace(/^\+/, "").split(",")) {
    const ends = part.split("-").map((text) => weekday(text, unix));
    if (ends.length > 2 || ends.some((end) => end === null)) return null;
    const [from, to = from] = ends as number[];
    for (let day = from!; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

function weekday(text: string, unix: boolean): number | null {
  const number = whole(text, 7);
  if (number !== null) {
    if (!unix && number === 0) return null;
    return unix ? (number + 6) % 7 : (number + 5) % 7;
  }
  if (text.length < 3) return null;
  const full = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
  const found = full.findIndex((name) => name.startsWith(text.toLowerCase()));
  return found < 0 ? null : found;
}

/**
 * Moves one of the starts from a civil time to another. Of what recurs, the time of day changes for all days; the day of
 * the week changes too where only some are named. Null where that cannot be said.
 */
export function moved(when: When, from: string, to: string): When | null {
  const time = (civil: string) => inOrder([civil.slice(11, 19)])[0] ?? "";
  if (when.kind === "cron") return null;
  if (when.kind === "dates") {
    const same = (at: string) => minuteful(at) === minuteful(from);
    if (!when.at.some(same)) return null;
    return { ...when, at: when.at.map((at) => (same(at) ? to : at)) };
  }
  if (!inOrder(when.times).includes(time(from))) return null;
  const times = inOrder(when.times.map((each) => (inOrder([each])[0] === time(from) ? time(to) : each)));
  const day = (civil: string) =>
    when.kind === "weekly"
      ? (new Date(`${civil.slice(0, 10)}T00:00:00Z`).getUTCDay() + 6) % 7
      : Number(civil.slice(8, 10));
  const every = when.kind === "weekly" && when.days.length === 7;
  if (every || day(from) === day(to)) return { ...when, times };
  if (!when.days.includes(day(from))) return null;
  const days = [...new Set(when.days.map((each) => (each === day(from) ? day(to) : each)))].sort((a, b) => a - b);
  return { ...when, days, times };
}

/** To the second, whether written or not. */
const minuteful = (civil: string) => (civil.length === 16 ? `${civil}:00` : civil.slice(0, 19));
