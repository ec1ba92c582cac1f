// When a programme airs, in words.
import { tongue, t } from "../../../words/index.svelte";
import { programme as text } from "../../../words/programme";
import type { Draft } from "./draft";
import { inOrder, type When, whenOf } from "./when";

/** 0 is Monday. */
export const dayName = (day: number, width: "long" | "short" = "long"): string =>
  new Intl.DateTimeFormat(tongue.locale, { weekday: width, timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + day));

function listed(words: string[]): string {
  if (words.length < 2) return words.join("");
  return t(text.say_and, { list: words.slice(0, -1).join(", "), last: words.at(-1)! });
}

function daysSaid(days: number[]): string {
  const sorted = [...days].sort((a, b) => a - b);
  const run = sorted.length > 2 && sorted.every((day, index) => day === sorted[0]! + index);
  if (run) return t(text.say_range, { first: dayName(sorted[0]!), last: dayName(sorted.at(-1)!) });
  return listed(sorted.map((day) => dayName(day)));
}

const dateSaid = (civil: string) =>
  `${civil.slice(11)} ${civil.slice(8, 10)}/${civil.slice(5, 7)}/${civil.slice(0, 4)}`;

/** Null of what only an expression says. */
export function saidOf(when: When, holidays: Draft["on_holidays"] = "air"): string | null {
  const said = bare(when);
  return said === null || holidays === "air" ? said : withHolidays(said, holidays);
}

const withHolidays = (when: string, holidays: "skip" | "only") =>
  t({ skip: text.say_skip, only: text.say_only }[holidays], { when });

function bare(when: When): string | null {
  if (when.kind === "cron") return null;
  if (when.kind === "dates") {
    const at = inOrder(when.at);
    const times = at.slice(0, 3).map(dateSaid).join("; ") + (at.length > 3 ? "; …" : "");
    return t(text.say_dates, { count: at.length, times });
  }
  const times = listed(inOrder(when.times));
  if (when.kind === "weekly" && when.days.length === 7) return t(text.say_daily, { times });
  if (when.kind === "weekly") return t(text.say_weekly, { days: daysSaid(when.days), times });
  const days = [...when.days].sort((a, b) => (a || 99) - (b || 99));
  return t(text.say_monthly, { days: listed(days.map((day) => (day ? String(day) : t(text.say_last)))), times });
}

/** What is often written and cronstrue does not say well in Vietnamese. */
export function oftenSaid(expression: string): string | null {
  const fields = expression
    .trim()
    .replace(/\+(?=\S+$)/, "")
    .split(/\s+/);
  if (fields.length === 5) fields.unshift("0");
  if (fields.length !== 6) return null;
  const [second, minute, hour, day, month, weekday] = fields as [string, string, string, string, string, string];
  if (month !== "*" || !/^\d+$/.test(second)) return null;
  const all = (...fields: string[]) => fields.every((field) => field === "*" || field === "?");
  const step = /^(?:\*|0)\/(\d+)$/;
  if (all(minute, hour, day, weekday)) return t(text.say_minutely, { second: Number(second) });
  if (second === "0" && all(hour, day, weekday) && step.test(minute)) {
    return t(text.say_minutes, { count: Number(step.exec(minute)![1]) });
  }
  if (second === "0" && all(day, weekday) && step.test(hour) && /^\d+$/.test(minute)) {
    return t(text.say_hours, { count: Number(step.exec(hour)![1]), minute: Number(minute) });
  }
  // the rest has a time of day, and a day that both fields agree upon
  const times = whenOf([second, minute, hour, "*", "*", "*"].join(" "));
  const nth = /^([a-z]{3,9})(?:#([1-5])|l|#l)$/i.exec(weekday);
  const named = whenOf(["0", "0", "0", "*", "*", nth ? nth[1]! : weekday].join(" "));
  if (times.kind !== "weekly" || named.kind !== "weekly") return null;
  const said = { days: daysSaid(named.days), times: listed(inOrder(times.times)) };
  if (nth && all(day)) {
    return nth[2] ? t(text.say_nth, { ...said, nth: Number(nth[2]) }) : t(text.say_nth_last, said);
  }
  return !nth && /^\d+$/.test(day) ? t(text.say_both, { ...said, day: Number(day) }) : null;
}

type Reader = (expression: string, options: object) => string;
let reader: Promise<Reader> | null = null;

/** Any expression in words; null where they cannot be found. Fetched when somebody first needs it. */
export async function cronSaid(expression: string, holidays: Draft["on_holidays"] = "air"): Promise<string | null> {
  reader ??= Promise.all([import("cronstrue"), import("cronstrue/locales/vi")]).then(
    ([cronstrue]) =>
      (text, options) =>
        cronstrue.default.toString(text, options),
  );
  try {
    const often = oftenSaid(expression);
    if (often) return holidays === "air" ? often : withHolidays(often, holidays);
    const plain = expression.trim().replace(/\+(?=\S+$)/, "");
    const unix = plain.split(/\s+/).length === 5;
    const said = (await reader)(plain, {
      locale: tongue.language,
      use24HourTimeFormat: true,
      // six fields count Sunday as 1
      dayOfWeekStartIndexZero: unix,
    });
    return holidays === "air" ? said : withHolidays(said, holidays);
  } catch {
    return null;
  }
}
