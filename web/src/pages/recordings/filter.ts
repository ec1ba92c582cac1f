// Which recordings are looked for.
import type { Segment } from "../../lib/segment";

export interface Wanted {
  text: string;
  state: Segment["state"] | "";
  class: Segment["class"] | "";
  language: string;
}

export const ANY: Wanted = { text: "", state: "", class: "", language: "" };

export const narrowed = (wanted: Wanted): boolean =>
  Boolean(wanted.text.trim() || wanted.state || wanted.class || wanted.language);

/** What the station is asked for: the newest first. */
export function question(wanted: Wanted, cursor: string | undefined) {
  const text = wanted.text.trim();
  return {
    order: "newest" as const,
    limit: 100,
    ...(wanted.state ? { state: wanted.state } : {}),
    ...(wanted.class ? { class: wanted.class } : {}),
    ...(text ? { q: text } : {}),
    ...(cursor ? { cursor } : {}),
  };
}

/** What the station is not asked for, looked for in what it answers. */
export const matches = (segment: Pick<Segment, "language">, wanted: Wanted): boolean =>
  !wanted.language || segment.language === wanted.language;
