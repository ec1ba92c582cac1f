// A campaign as its form holds it, and as the station takes it.
import type { Schemas } from "../../api/client";

export type Campaign = Schemas["Campaign"];
export type PhaseAccount = Schemas["PhaseAccount"];
type Body = Schemas["CampaignDraft"];

export interface Phase {
  name: string;
  from: string;
  to: string;
  windows: string[];
  count: number | null;
  per: "day" | "week" | "phase";
}

export interface Draft {
  name: string;
  segments: { id: string; weight: number | null }[];
  rotation: Campaign["rotation"];
  class: Campaign["class"];
  zones: string[];
  languages: string[];
  spacing: number | null;
  phases: Phase[];
  owner: string | null;
  order: number;
}

export const blank = (phase: Phase): Draft => ({
  name: "",
  segments: [],
  rotation: "in_order",
  class: "normal",
  zones: [],
  languages: [],
  spacing: 0,
  phases: [phase],
  owner: null,
  order: 0,
});

export const draftOf = (campaign: Campaign): Draft => ({
  name: campaign.name,
  segments: campaign.segments.map(({ id, weight }) => ({ id, weight: weight ?? 1 })),
  rotation: campaign.rotation,
  class: campaign.class,
  zones: [...campaign.zones],
  languages: [...campaign.languages],
  spacing: campaign.min_spacing_minutes,
  phases: campaign.phases.map(({ name, from, to, windows, airings }) => ({
    name,
    from,
    to,
    windows: [...(windows ?? [])],
    ...airings,
  })),
  owner: campaign.owner,
  order: campaign.order,
});

const atLeast = (least: number, value: number | null) => Math.max(least, Math.round(Number(value) || 0));

export const bodyOf = ({ spacing, phases, segments, ...same }: Draft): Body => ({
  ...same,
  name: same.name.trim(),
  segments: segments.map(({ id, weight }) => ({ id, weight: atLeast(1, weight) })),
  min_spacing_minutes: atLeast(0, spacing),
  phases: phases.map(({ name, from, to, windows, count, per }) => ({
    name: name.trim(),
    from,
    to,
    windows,
    airings: { count: atLeast(1, count), per },
  })),
});

export type Missing =
  "no_name" | "no_segments" | "no_phase" | "no_phase_name" | "no_dates" | "wrong_dates" | "no_count";

/** What a step still wants, by the step's number. */
export function missingIn(draft: Draft, step: number): Missing | null {
  if (step === 1) {
    if (!draft.name.trim()) return "no_name";
    return draft.segments.length === 0 ? "no_segments" : null;
  }
  if (step !== 2) return null;
  if (draft.phases.length === 0) return "no_phase";
  for (const { name, from, to, count } of draft.phases) {
    if (!name.trim()) return "no_phase_name";
    if (!from || !to) return "no_dates";
    if (to < from) return "wrong_dates";
    if (!count || count < 1) return "no_count";
  }
  return null;
}

export type State = "running" | "planned" | "over";

export const firstDay = (phases: { from: string }[]): string => phases.map((phase) => phase.from).sort()[0] ?? "";
export const lastDay = (phases: { to: string }[]): string =>
  phases
    .map((phase) => phase.to)
    .sort()
    .at(-1) ?? "";

export function stateOf(phases: { from: string; to: string }[], today: string): State {
  if (today < firstDay(phases)) return "planned";
  return today > lastDay(phases) ? "over" : "running";
}

export interface Sum {
  owed: number;
  aired: number;
  planned: number;
  short: number;
}

export const sumOf = (phases: PhaseAccount[]): Sum =>
  phases.reduce(
    (sum, phase) => ({
      owed: sum.owed + phase.owed,
      aired: sum.aired + phase.aired,
      planned: sum.planned + phase.planned,
      short: sum.short + phase.short,
    }),
    { owed: 0, aired: 0, planned: 0, short: 0 },
  );

export type Verdict = "done" | "over_short" | "short_impossible" | "short_possible" | "behind" | "good";

/** How a phase stands, the worst first. */
export function verdictOf(phase: PhaseAccount, today: string): Verdict {
  if (phase.short > 0) {
    // make-goods may still come after its last day: then they are planned, and not short
    if (today > phase.to) return "over_short";
    return phase.still_possible < phase.owed ? "short_impossible" : "short_possible";
  }
  if (phase.aired >= phase.owed) return "done";
  return phase.aired < phase.owed_so_far ? "behind" : "good";
}
