import { number, t } from "../../words/index.svelte";
import { reports } from "../../words/reports";

/** A length as a report has it: hours and minutes; of what is shorter than two minutes, seconds. */
export function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (seconds < 120) return t(reports.seconds, { seconds: number(seconds) });
  if (minutes < 60) return t(reports.minutes, { minutes: number(minutes) });
  if (minutes % 60 === 0) return t(reports.whole_hours, { hours: number(minutes / 60) });
  return t(reports.hours, { hours: number(Math.floor(minutes / 60)), minutes: number(minutes % 60) });
}
