// Which part of a recording stays. What is shown is the prepared sound; what is asked for are places in the original.
import type { Segment } from "../../lib/segment";

/** Seconds of the prepared sound. */
export interface Kept {
  from: number;
  to: number;
}

interface Trim {
  start: number;
  end: number;
}

/** What was cut before; a station that cannot trim says nothing. */
export const trimOf = (segment: Segment): Trim | null => (segment as { trim?: Trim | null }).trim ?? null;

/** The same part, counted from the beginning of the original. */
export function ofOriginal(segment: Segment, kept: Kept): Trim {
  const begin = (trimOf(segment)?.start ?? 0) + (segment.trimmed?.start ?? 0);
  const exact = (seconds: number) => Math.round((begin + seconds) * 1000) / 1000;
  return { start: exact(kept.from), end: exact(Math.min(kept.to, segment.duration ?? kept.to)) };
}

/** A part that lies within the sound, with its beginning before its end. */
export function fits({ from, to }: Kept, length: number): Kept {
  const within = (seconds: number) => Math.min(Math.max(seconds, 0), length);
  const [a, b] = [within(from), within(to)];
  return a <= b ? { from: a, to: b } : { from: b, to: a };
}
