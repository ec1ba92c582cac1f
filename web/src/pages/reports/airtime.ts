// What GET /reports/airtime answers, and what the chart is drawn from.
import { api } from "../../api/client";
import { told } from "../../api/client";

export const GROUPS = ["campaign", "day", "segment", "language", "zone", "source"] as const;
export type Group = (typeof GROUPS)[number];

export interface Figure {
  count: number;
  seconds: number;
}
export interface Sums {
  planned: Figure;
  aired: Figure;
  /** Heard, but not to their end; they are among the missed, too. */
  partly: Figure;
  missed: Figure;
  /** Only by campaign. */
  owed: Figure | null;
  heard_seconds: number;
  unconfirmed: number;
}
export interface Line extends Sums {
  key: string | null;
  name: string;
  name_vi: string;
}
export interface Airtime {
  first_day: string;
  last_day: string;
  by: Group;
  items: Line[];
  total: Sums;
}

export const REPORT = "/api/v1/reports/airtime";

/** Asks the station; the address may be missing in an older one (404). */
export async function read(query: { from: string; to: string; by: Group }): Promise<Airtime> {
  const get = api.GET as unknown as (path: string, init: object) => Promise<{ data?: Airtime; response: Response }>;
  return await told(get(REPORT, { params: { query } }));
}

export interface Series {
  /** Seconds since 1970 of the civil day, as if it were in UTC. */
  at: number[];
  planned: number[];
  aired: number[];
  months: boolean;
}

/** Longer periods are drawn by month: bars narrower than this say nothing on a phone. */
const MOST_DAYS = 92;

/** Minutes a day, or a month; a day without a line is a day on which nothing was due. */
export function series({ first_day, last_day, items }: Airtime): Series {
  const day = (text: string) => Date.parse(`${text}T00:00:00Z`) / 1000;
  const DAY = 86_400;
  const months = (day(last_day) - day(first_day)) / DAY + 1 > MOST_DAYS;
  const place = (text: string) => (months ? day(`${text.slice(0, 7)}-01`) : day(text));
  const sums = new Map<number, { planned: number; aired: number }>();
  for (let at = day(first_day); at <= day(last_day); at += DAY) {
    sums.set(place(new Date(at * 1000).toISOString().slice(0, 10)), { planned: 0, aired: 0 });
  }
  for (const line of items) {
    const sum = line.key ? sums.get(place(line.key)) : undefined;
    if (!sum) continue;
    sum.planned += line.planned.seconds / 60;
    sum.aired += line.heard_seconds / 60;
  }
  const at = [...sums.keys()].sort((a, b) => a - b);
  const of = (which: "planned" | "aired") => at.map((it) => Math.round(sums.get(it)![which] * 10) / 10);
  return { at, planned: of("planned"), aired: of("aired"), months };
}
