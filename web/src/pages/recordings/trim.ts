// Which part of a recording stays, in seconds of the original.
import type { Segment } from "../../lib/segment";

export interface Kept {
  from: number;
  to: number;
}

/** So much stays at least, in seconds: the station takes no less. */
export const LEAST = 1;

const exact = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** What stays now. */
export const keptOf = ({ trim, original_duration: length }: Segment): Kept => ({
  from: trim?.start ?? 0,
  to: trim?.end ?? length ?? 0,
});

/**
 * One edge at another place: within the recording, and never so near to the other one that less than a second stays.
 * Within a tenth of a second of an end of the recording it is that end.
 */
export function moved(kept: Kept, side: keyof Kept, value: number, length: number): Kept {
  if (Number.isNaN(value)) return kept;
  const most = Math.max(0, length - LEAST);
  if (side === "from") {
    const from = exact(Math.min(Math.max(value, 0), most));
    return { from, to: Math.max(kept.to, Math.min(length, exact(from + LEAST))) };
  }
  const near = value > length - 0.1 ? length : value;
  const to = exact(Math.min(Math.max(near, Math.min(LEAST, length)), length));
  return { from: Math.min(kept.from, Math.max(0, exact(to - LEAST))), to };
}

/** What the station is asked for: nothing is left out where all of it stays. */
export const asked = ({ from, to }: Kept, length: number) =>
  from <= 0 && to >= length ? null : { start: exact(from), end: exact(to) };
