import { time } from "../../lib/times.svelte";

/** An instant to the millisecond, in the station's zone. */
export function precise(instant: string | null | undefined): string | null {
  if (!instant) return null;
  const at = Date.parse(instant);
  const thousandths = String(((at % 1000) + 1000) % 1000).padStart(3, "0");
  return `${time("second", at)}.${thousandths} · ${time("date", at)}`;
}
