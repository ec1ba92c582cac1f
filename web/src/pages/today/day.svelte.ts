// The day as it was planned and as it went: one list, in the order of time.
import { api, type Schemas, told } from "../../api/client";
import { station } from "../../api/station.svelte";
import { clock } from "../../lib/times.svelte";

export type Airing = Schemas["Airing"];
type Slot = Schemas["Slot"];
type Refusal = Schemas["Refusal"];

export interface Entry {
  slot: string;
  title: string | null;
  from: number;
  until: number;
  seconds: number | null;
  reason: string;
  reason_vi: string;
  /** What the plan says will sound; null when it says that it will not. */
  planned: Slot | null;
  refused: Refusal | null;
  airing: Airing | null;
}

const HOUR = 3_600_000;

export class Day {
  plan = $state.raw<Schemas["Plan"] | null>(null);
  airings = $state.raw<Airing[]>([]);

  begin = $derived(this.plan ? Date.parse(this.plan.from) : 0);
  end = $derived(this.plan ? Date.parse(this.plan.to) : 0);
  entries = $derived(this.plan ? entriesOf(this.plan, this.airings) : []);

  async readPlan() {
    this.plan = await told(api.GET("/api/v1/plan", { params: { query: {} } }));
  }

  async readAirings() {
    if (!station.may("airings:read")) return;
    const newest = this.airings[0]?.seq;
    const after = newest === undefined ? { from: new Date(startOf(clock.now())).toISOString() } : { after_seq: newest };
    const found: Airing[] = [];
    for (let cursor: string | undefined; ;) {
      const query = { ...after, limit: 1000, ...(cursor ? { cursor } : {}) };
      const page = await told(api.GET("/api/v1/airings", { params: { query } }));
      found.push(...page.items);
      if (!page.next) break;
      cursor = page.next;
    }
    if (found.length > 0) this.airings = [...found.reverse(), ...this.airings];
  }
}

/** Seven days before: enough for the last airings; the log has them all. */
const startOf = (now: number) => now - 7 * 24 * HOUR;

function entriesOf(plan: Schemas["Plan"], airings: Airing[]): Entry[] {
  const bySlot = new Map(airings.map((airing) => [airing.slot, airing]));
  const [from, to] = [Date.parse(plan.from), Date.parse(plan.to)];
  const entry = (of: Slot | Refusal, more: Pick<Entry, "planned" | "refused">): Entry => ({
    slot: of.slot,
    title: of.title,
    from: Date.parse(of.start),
    until: Date.parse(of.start) + (of.seconds ?? 0) * 1000,
    seconds: of.seconds,
    reason: of.reason,
    reason_vi: of.reason_vi,
    airing: bySlot.get(of.slot) ?? null,
    ...more,
  });
  const entries = [
    ...plan.slots.map((slot) => entry(slot, { planned: slot, refused: null })),
    ...plan.refusals.map((refusal) => entry(refusal, { planned: null, refused: refusal })),
  ];
  // what was heard and is not in today's plan any more: emergencies, what was changed since
  const known = new Set(entries.map((entry) => entry.slot));
  for (const airing of airings) {
    const at = Date.parse(airing.started ?? airing.planned_start);
    if (at < from || at >= to || known.has(airing.slot)) continue;
    const { slot, title, seconds_planned: seconds } = airing;
    const until = at + (airing.seconds_aired || seconds || 0) * 1000;
    entries.push({
      slot,
      title,
      from: at,
      until,
      seconds,
      reason: airing.reason ?? "",
      reason_vi: airing.reason_vi ?? "",
      planned: null,
      refused: null,
      airing,
    });
  }
  return entries.sort((a, b) => a.from - b.from);
}

/** Whether its sound should be ready and is not. What airs later is not looked at yet. */
export function lacks({ planned, from }: Entry, now: number): boolean {
  return planned?.ready === false && from > now && !["later", "past", "checking"].includes(planned.ready_code ?? "");
}
