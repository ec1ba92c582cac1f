// What can be listened to: a recording before and after its correction, or what was just recorded here.
import type { Schemas } from "../api/client";

export type Segment = Schemas["Segment"];

/** One form of a sound. */
export interface Form {
  kind: "prepared" | "original";
  src: string;
  /** Null where only the file itself knows. */
  seconds: number | null;
  /** 0 to 255 full scale, evenly spaced; null where nothing can be drawn. */
  peaks: number[] | null;
  /** Where this form begins in the original, in seconds. */
  offset: number;
}

export interface Sound {
  title: string;
  forms: Form[];
}

const address = (id: string, form: Form["kind"]) => `/api/v1/segments/${encodeURIComponent(id)}/audio?form=${form}`;

/** The forms of a segment, what will be heard first. */
export function soundOf(segment: Segment): Sound {
  const { id, title, duration, trim, trimmed } = segment;
  const peaks = segment.waveform?.peaks ?? null;
  const start = (trim?.start ?? 0) + (trimmed?.start ?? 0);
  const whole = { start: trimmed?.start ?? 0, end: trimmed?.end ?? 0 };
  const prepared: Form = { kind: "prepared", src: address(id, "prepared"), seconds: duration, peaks, offset: start };
  const original: Form = {
    kind: "original",
    src: address(id, "original"),
    seconds: segment.original_duration,
    // an older station kept none of the original
    peaks:
      segment.original_waveform?.peaks ??
      (peaks && duration && !trim ? before(peaks, duration, whole, segment.gain_db ?? 0) : null),
    offset: 0,
  };
  return { title, forms: segment.prepared_sha256 === null ? [original] : [prepared, original] };
}

/**
 * The peaks that a sound had before silence was cut off (seconds) and it was raised (dB), as far as they can be told:
 * what the limiter took is not known for each place.
 */
export function before(
  peaks: number[],
  seconds: number,
  trimmed: { start: number; end: number },
  gain: number,
): number[] {
  const each = seconds / peaks.length;
  const silence = (length: number) => new Array<number>(Math.round(length / each)).fill(0);
  const factor = 10 ** (-gain / 20);
  const lowered = peaks.map((peak) => Math.min(255, Math.round(peak * factor)));
  return [...silence(trimmed.start), ...lowered, ...silence(trimmed.end)];
}

let playing: HTMLMediaElement | null = null;

/** Only one sounds at a time: whoever begins silences the other. */
export function alone(media: HTMLMediaElement) {
  if (playing && playing !== media) playing.pause();
  playing = media;
}
