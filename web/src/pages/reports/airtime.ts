// What GET /reports/airtime answers, and what the chart is drawn from.
import { api, type Schemas, told } from "../../api/client";

export type Airtime = Schemas["AirtimeReport"];
export type Sums = Schemas["AirtimeSums"];
export type Figure = Schemas["AirtimeFigure"];
export type Line = Schemas["AirtimeLine"];
export type Group = Airtime["by"];

export const GROUPS = ["campaign", "day", "segment", "language", "zone", "source"] as const satisfies Group[];
export const REPORT = "/api/v1/reports/airtime";

/** What a report is asked for, beside its form. */
export interface Asked {
  from: string;
  to: string;
  by: Group;
  /** Only this campaign's airings. */
  campaign?: string;
  /** Only recordings in this language. */
  language?: string;
}

/** What the page's address asks for; what is no day or no id is not heard of. */
export function askedOf(query: URLSearchParams): Partial<Pick<Asked, "from" | "to" | "campaign">> {
  const [from, to] = ["from", "to"].map((name) => query.get(name) ?? "") as [string, string];
  const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
  const campaign = query.get("campaign");
  return {
    ...(isDay(from) && isDay(to) && from < to ? { from, to } : {}),
    ...(campaign && /^[0-9a-f-]{36}$/.test(campaign) ? { campaign } : {}),
  };
}

export async function read(query: Asked): Promise<Airtime> {
  return await told(api.GET(REPORT, { params: { query } }));
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
