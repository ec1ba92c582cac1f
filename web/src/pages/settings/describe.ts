// Windows and holidays in words.
import type { Schemas } from "../../api/client";
import { station } from "../../api/station.svelte";
import { time } from "../../lib/times.svelte";
import { common } from "../../words/common";
import { number, t } from "../../words/index.svelte";
import { settings, WEEKDAYS } from "../../words/settings";

type Days = Schemas["WindowDraft"]["days"];
const LIMITS = [
  "minutes_per_session",
  "minutes_per_day",
  "minutes_per_week",
  "sessions_per_day",
  "days_per_week",
] as const;
export { LIMITS };

export function days(chosen: Days): string {
  if (chosen.length === 7) return t(settings.every_day);
  if (chosen.length === 0) return t(settings.no_days);
  const places = chosen.map((day) => WEEKDAYS.indexOf(day)).sort((a, b) => a - b);
  if (places.join() === "0,1,2,3,4") return t(settings.workdays);
  return places.map((place) => t(settings[`day_${WEEKDAYS[place]!}`])).join(", ");
}

export const limits = (window: Pick<Schemas["WindowDraft"], "limits" | "volume_ceiling_db">): string[] => [
  ...LIMITS.flatMap((limit) => {
    const count = window.limits?.[limit];
    return typeof count === "number" ? [t(settings[`limit_${limit}`], { count })] : [];
  }),
  ...(typeof window.volume_ceiling_db === "number" && window.volume_ceiling_db < 0
    ? [t(settings.ceiling_is, { db: number(-window.volume_ceiling_db) })]
    : []),
];

export const where = (zones: string[] | undefined): string =>
  zones && zones.length > 0 ? station.zoneNames(zones).join(", ") : t(common.whole_station);

const date = (day: string) => time("date", `${day}T12:00:00Z`);

export function rule({ rule }: Pick<Schemas["HolidayDraft"], "rule">): string {
  switch (rule.kind) {
    case "solar":
      return t(settings.solar_is, { day: rule.day, month: rule.month });
    case "lunar":
      return t(settings.lunar_is, { day: rule.day, month: rule.month });
    case "dates":
      return rule.dates.length > 0 ? rule.dates.map(date).join(", ") : t(settings.no_dates);
    case "nth_weekday": {
      const weekday = t(settings[`day_${rule.weekday}`]);
      const { month, nth } = rule;
      return t(nth === -1 ? settings.nth_last : settings.nth_is, { weekday, month, nth });
    }
  }
}

export function effects({ effect }: Pick<Schemas["HolidayDraft"], "effect">): string[] {
  const { closed, no_music, ordinary, acts_as } = effect ?? {};
  return [
    ...(closed ? [t(settings.closed)] : []),
    ...(no_music ? [t(settings.no_music)] : []),
    ...(ordinary ? [t(settings.ordinary)] : []),
    ...(acts_as ? [`${t(settings.acts_as)} ${t(settings[`day_${acts_as}`])}`] : []),
  ];
}

export const announced = ({ announced = [] }: Pick<Schemas["HolidayDraft"], "announced">): string[] =>
  announced.map(({ year, days }) =>
    days
      ? t(settings.announced_is, { year: String(year), from: date(days.from), to: date(days.to) })
      : t(settings.announced_none, { year: String(year) }),
  );
