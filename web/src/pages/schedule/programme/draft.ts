// A programme as its form holds it, and as the station takes it.
import type { Schemas } from "../../../api/client";
import { civilOf, instantOf } from "../../../lib/civil";
import { cronOf, inOrder, troubleOf, type Trouble, type When, whenOf } from "./when";

/** A validity's end is a day or an instant, which the document's generated type does not say. */
type Bounded<T> = Omit<T, "valid_from" | "valid_until"> & { valid_from: string | null; valid_until: string | null };
export type Programme = Bounded<Schemas["Programme"]>;
/** Named as the first of the two forms that the document allows: which of them it is, is not known before it is written. */
type Body = Schemas["ProgrammeDraft"] & { cron: string; at?: undefined };

export interface Draft {
  name: string;
  segments: string[];
  when: When;
  class: "normal" | "priority";
  zones: string[];
  /** Days, or whatever instants somebody set by the API; empty is no limit. */
  valid_from: string;
  valid_until: string;
  start: { kind: Schemas["StartRule"]["kind"]; minutes: number };
  missed: { kind: Schemas["MissedRule"]["kind"]; minutes: number };
  opening: string;
  closing: string;
  gap_seconds: number;
  on_holidays: "air" | "skip" | "only";
  owner: string | null;
  order: number;
}

export const blank = (): Draft => ({
  name: "",
  segments: [],
  when: { kind: "weekly", days: [0, 1, 2, 3, 4, 5, 6], times: ["05:00"] },
  class: "normal",
  zones: [],
  valid_from: "",
  valid_until: "",
  start: { kind: "make_next", minutes: 10 },
  missed: { kind: "skip", minutes: 60 },
  opening: "",
  closing: "",
  gap_seconds: 0,
  on_holidays: "air",
  owner: null,
  order: 0,
});

export const whenOfProgramme = (programme: Pick<Programme, "cron" | "at">): When =>
  programme.cron ? whenOf(programme.cron) : { kind: "dates", at: (programme.at ?? []).map(local) };

/** `2026-11-30T17:00`, with seconds only where there are some. */
const local = (instant: string) => civilOf(Date.parse(instant)).replace(/:00$/, "");

export const draftOf = (programme: Programme | Schemas["Programme"]): Draft => ({
  name: programme.name,
  segments: [...programme.segments],
  when: whenOfProgramme(programme),
  class: programme.class,
  zones: [...programme.zones],
  valid_from: (programme as Programme).valid_from ?? "",
  valid_until: (programme as Programme).valid_until ?? "",
  start: { minutes: 10, ...programme.start_rule },
  missed: { minutes: 60, ...programme.missed },
  opening: programme.opening ?? "",
  closing: programme.closing ?? "",
  gap_seconds: programme.gap_seconds,
  on_holidays: programme.on_holidays,
  owner: programme.owner,
  order: programme.order,
});

const WITH_MINUTES = ["wait_up_to", "within"];
const rule = <K extends string>({ kind, minutes }: { kind: K; minutes: number }) =>
  WITH_MINUTES.includes(kind) ? { kind, minutes: Math.max(0, Math.round(minutes) || 0) } : { kind };

/** What is sent; null while its times cannot be said. */
export function bodyOf(draft: Draft): Body | null {
  if (troubleOf(draft.when)) return null;
  const at = draft.when.kind === "dates" ? inOrder(draft.when.at) : null;
  const { when: _, start, missed, valid_from, valid_until, opening, closing, gap_seconds, ...same } = draft;
  return {
    ...same,
    ...(at ? { at: at.map((civil) => new Date(instantOf(full(civil))).toISOString()) } : { cron: cronOf(draft.when)! }),
    name: draft.name.trim(),
    valid_from: valid_from || null,
    valid_until: valid_until || null,
    start_rule: rule(start),
    missed: rule(missed),
    opening: opening || null,
    closing: closing || null,
    gap_seconds: Math.min(600, Math.max(0, Math.round(gap_seconds) || 0)),
  } as Body;
}

const full = (civil: string) => (civil.length === 16 ? `${civil}:00` : civil);

export type Missing = "no_name" | "no_segments" | Trouble;

export function missingIn(draft: Draft): Missing | null {
  if (!draft.name.trim()) return "no_name";
  if (draft.segments.length === 0) return "no_segments";
  return troubleOf(draft.when);
}

/** The day from which its effect is looked at: when it begins, or its first date. */
export function firstDayOf(draft: Draft): string | undefined {
  const at = draft.when.kind === "dates" ? inOrder(draft.when.at)[0]?.slice(0, 10) : undefined;
  const from = draft.valid_from.slice(0, 10) || undefined;
  return at ?? from;
}
