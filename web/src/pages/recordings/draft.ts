// What people say of a recording, as it stands in a form.
import { dayOfBound, type Segment } from "../../lib/segment";
import { t } from "../../words/index.svelte";
import { recordings } from "../../words/recordings";

export interface Draft {
  title: string;
  language: string;
  class: Segment["class"];
  music: boolean;
  source: string;
  /** Dates, or nothing. */
  from: string;
  until: string;
}

export const EMPTY: Draft = {
  title: "",
  language: "vi",
  class: "normal",
  music: false,
  source: "",
  from: "",
  until: "",
};

export const draftOf = (segment: Segment): Draft => ({
  title: segment.title,
  language: segment.language,
  class: segment.class,
  music: segment.music,
  source: segment.source ?? "",
  from: segment.valid_from ? dayOfBound(segment.valid_from) : "",
  until: segment.valid_until ? dayOfBound(segment.valid_until) : "",
});

/** What the station would refuse, told before it is asked. */
export function wrong(draft: Draft): string | null {
  return draft.from && draft.until && draft.until < draft.from ? t(recordings.dates_wrong) : null;
}

/** What is said when it is sent: nothing where nothing was said. */
export function metaOf(draft: Draft) {
  return {
    title: draft.title.trim(),
    language: draft.language,
    class: draft.class,
    ...(draft.music ? { music: true } : {}),
    ...(draft.source.trim() ? { source: draft.source.trim() } : {}),
    ...(draft.from ? { valid_from: draft.from } : {}),
    ...(draft.until ? { valid_until: draft.until } : {}),
  };
}
