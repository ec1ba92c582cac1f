// What is drawn: slots, refusals and airings that belong together are one block, so that 4,320 slots a day are a few.
import type { Schemas } from "../../api/client";

export type Slot = Schemas["Slot"];
export type Refusal = Schemas["Refusal"];
export type Airing = Schemas["Airing"];

/** `over` is past without a word of the log; `lost` is everything that was not heard to its end. */
export type Kind = "due" | "refused" | "aired" | "lost" | "over";

export interface Item {
  slot: string;
  title: string | null;
  /** Whose it is: a programme, a campaign, or an emergency by itself. */
  owner: string;
  name: string;
  programme: string | null;
  campaign: string | null;
  from: number;
  until: number;
  /** The station's clock at its start: `2026-11-30T17:00:00`. */
  civil: string;
  seconds: number | null;
  occurrence: string;
  zones: string[];
  kind: Kind;
  planned: Slot | null;
  refused: Refusal | null;
  airing: Airing | null;
}

export interface Block {
  key: string;
  owner: string;
  name: string;
  kind: Kind;
  from: number;
  until: number;
  civil: string;
  zones: string[];
  items: Item[];
  /** Of what is over: how many were not heard to their end. */
  lost: number;
}

export function ofPlan(plan: Slot | Refusal, kind: "due" | "refused"): Item {
  const from = Date.parse(plan.start);
  return {
    slot: plan.slot,
    title: plan.title,
    owner: plan.programme ?? plan.campaign ?? plan.slot,
    name: plan.programme_name,
    programme: plan.programme,
    campaign: plan.campaign,
    from,
    until: from + (plan.seconds ?? 0) * 1000,
    civil: plan.start.slice(0, 19),
    seconds: plan.seconds,
    occurrence: plan.occurrence,
    zones: plan.zones,
    kind,
    planned: kind === "due" ? (plan as Slot) : null,
    refused: kind === "refused" ? (plan as Refusal) : null,
    airing: null,
  };
}

export function ofAiring(airing: Airing): Item {
  const { planned_start: planned, started } = airing;
  // measured a hundredth of a second early is still five o'clock, and inside its window
  const punctual = !started || Math.abs(Date.parse(started) - Date.parse(planned)) < 1000;
  const start = punctual ? planned : started;
  const from = Date.parse(start);
  const campaign = airing.programme ? null : uuid(airing.campaign);
  return {
    slot: airing.slot,
    title: airing.title,
    owner: airing.programme ?? campaign ?? airing.emergency ?? airing.slot,
    name: airing.programme_name || (airing.title ?? ""),
    programme: airing.programme,
    campaign,
    from,
    until: from + (airing.seconds_aired || airing.seconds_planned || 0) * 1000,
    civil: start.slice(0, 19),
    seconds: airing.seconds_planned,
    occurrence: airing.slot.split("/")[1] ?? airing.slot,
    zones: airing.zones,
    kind: airing.outcome === "aired" ? "aired" : "lost",
    planned: null,
    refused: null,
    airing,
  };
}

/** What no campaign planned may carry any word there. */
const uuid = (text: string | null) => (text && /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(text) ? text : null);

/** What the log says goes before what the plan says; what is past and was never closed is `over`. */
export function itemsOf(plan: { slots: Slot[]; refusals: Refusal[] }, airings: Airing[], now: number): Item[] {
  const closed = new Set(airings.map((airing) => airing.slot));
  const items = airings.map(ofAiring);
  for (const slot of plan.slots) {
    if (closed.has(slot.slot)) continue;
    const item = ofPlan(slot, "due");
    items.push(item.until <= now ? { ...item, kind: "over" } : item);
  }
  for (const refusal of plan.refusals) {
    if (!closed.has(refusal.slot)) items.push(ofPlan(refusal, "refused"));
  }
  return items.sort((a, b) => a.from - b.from || (a.slot < b.slot ? -1 : 1));
}

/** Gaps shorter than this are not seen on a calendar. */
const NEAR = 10 * 60_000;

/**
 * Puts together what one programme or campaign airs one after the other (`session`), or within a day (`day`). What the
 * log tells, what it does not tell yet, what is to come and what is refused are blocks of their own.
 */
export function blocksOf(items: Item[], by: "session" | "day"): Block[] {
  const open = new Map<string, Block>();
  const blocks: Block[] = [];
  for (const item of items) {
    const when = item.airing ? "log" : item.kind;
    const key = `${item.owner} ${when} ${item.civil.slice(0, 10)}`;
    const block = open.get(key);
    if (block && (by === "day" || together(block, item))) {
      block.items.push(item);
      block.until = Math.max(block.until, item.until);
      block.lost += Number(item.kind === "lost");
      if (block.kind !== item.kind) block.kind = worse(block.kind, item.kind);
      if (item.zones.some((zone) => !block.zones.includes(zone))) {
        block.zones = [...new Set([...block.zones, ...item.zones])];
      }
      continue;
    }
    const { owner, name, kind, from, until, civil, zones } = item;
    const made: Block = {
      key: `${item.slot} ${when}`,
      owner,
      name,
      kind,
      from,
      until,
      civil,
      zones,
      items: [item],
      lost: Number(kind === "lost"),
    };
    open.set(key, made);
    blocks.push(made);
  }
  return blocks;
}

const together = (block: Block, item: Item) =>
  item.from - block.until < NEAR || block.items.at(-1)!.occurrence === item.occurrence;

const WORSE: Kind[] = ["due", "aired", "over", "refused", "lost"];
const worse = (a: Kind, b: Kind): Kind => (WORSE.indexOf(a) > WORSE.indexOf(b) ? a : b);
/** The kind that says most of several. */
export const worst = (blocks: Block[]): Kind => blocks.map(({ kind }) => kind).reduce(worse, "due");

/** The one start that a person could move: of a programme, to come, and alone in its block. */
export function movable(block: Block): Item | null {
  const first = block.items[0]!;
  if (block.kind !== "due" || !first.programme || first.planned?.attempt) return null;
  return block.items.every((item) => item.occurrence === first.occurrence) ? first : null;
}
