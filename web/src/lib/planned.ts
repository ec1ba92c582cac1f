// When recordings are planned. A plan may hold thousands of starts a day: it is read day by day, no further than needed.
import { api, told } from "../api/client";
import { clock } from "./times.svelte";
import type { Schemas } from "../api/client";

export type Start = { at: number; name: string } & (
  { refused: false } | { refused: true; code: string; reason: string; reason_vi: string }
);

const DAY = 24 * 3_600_000;
/** So many starts are read before it is enough: a phone has weak 4G. */
const ENOUGH = 2_000;

export interface Found {
  starts: Map<string, Start[]>;
  /** How far was looked, in milliseconds: what is planned later is not known. */
  until: number;
}

/** The starts of these segments in the days to come, the next first; of each at most `each`. */
export async function lookFor(ids: string[], days: number, each = 1): Promise<Found> {
  const found = new Map<string, Start[]>(ids.map((id) => [id, []]));
  const now = clock.now();
  let until = now;
  for (let read = 0; until < now + days * DAY && read < ENOUGH;) {
    if ([...found.values()].every((list) => list.length >= each)) break;
    const [from, to] = [until, until + DAY].map((at) => new Date(at).toISOString());
    const query = { from: from!, to: to!, ...(ids.length === 1 ? { segment: ids[0]! } : {}) };
    const plan = await told(api.GET("/api/v1/plan", { params: { query } }));
    read += plan.slots.length + plan.refusals.length;
    until += DAY;
    add(found, plan, now, each);
  }
  return { starts: found, until };
}

/** Takes what a plan says of them. */
export function add(
  found: Map<string, Start[]>,
  plan: Pick<Schemas["Plan"], "slots" | "refusals">,
  now: number,
  each: number,
) {
  const all = [
    ...plan.slots.map((it) => ({
      id: it.segment,
      start: { at: Date.parse(it.start), name: it.programme_name, refused: false as const },
    })),
    ...plan.refusals.map(({ segment: id, start, programme_name: name, code, reason, reason_vi }) => ({
      id,
      start: { at: Date.parse(start), name, refused: true as const, code, reason, reason_vi },
    })),
  ].sort((a, b) => a.start.at - b.start.at);
  for (const { id, start } of all) {
    const list = found.get(id);
    if (list && list.length < each && start.at > now) list.push(start);
  }
}
