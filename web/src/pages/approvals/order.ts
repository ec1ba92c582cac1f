// Who decides on what, and what first.
import type { Start } from "../../lib/planned";
import type { Segment } from "../../lib/segment";

/** What this person may decide on, and what waits for somebody else. */
export function split(segments: Segment[], me: string, notMine: Set<string>) {
  const other = (segment: Segment) =>
    segment.uploaded_by === me || segment.approvals.some(({ by }) => by === me) || notMine.has(segment.id);
  return { mine: segments.filter((it) => !other(it)), others: segments.filter(other) };
}

/** The soonest to air first, then emergencies, then what waits longest. */
export function orderOf(segments: Segment[], first: Map<string, Start | undefined>): string[] {
  const at = (segment: Segment) => first.get(segment.id)?.at ?? Infinity;
  const urgent = (segment: Segment) => (segment.class === "emergency" ? 0 : 1);
  const compare = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);
  return [...segments]
    .sort(
      (a, b) =>
        compare(at(a), at(b)) ||
        compare(urgent(a), urgent(b)) ||
        compare(Date.parse(a.uploaded_at), Date.parse(b.uploaded_at)),
    )
    .map(({ id }) => id);
}
