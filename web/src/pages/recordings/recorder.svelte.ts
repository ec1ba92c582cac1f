// The microphone. What was recorded stays here until it is sent or thrown away, also while another page is looked at.
import { t } from "../../words/index.svelte";
import { uploads } from "../../words/uploads";

/** What browsers can write, the best first; the station reads all of it. */
const FORMATS = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/mp4", "m4a"],
] as const;
/** Enough for speech in Opus, in bit/s. */
const RATE = 64_000;
/** Nothing is heard below, and it is too loud above, in dB of full scale. */
const QUIET = -50;
const LOUD = -1;
/** So long may somebody think before it is said that nothing is heard, in seconds. */
const THINKING = 4;

export type Phase = "idle" | "asking" | "recording" | "paused" | "done";

class Recorder {
  phase = $state<Phase>("idle");
  failed = $state<string | null>(null);
  /** 0 to 1, on a scale of decibels. */
  level = $state(0);
  seconds = $state(0);
  /** What to do about the level. */
  advice = $state<"quiet" | "loud" | null>(null);
  file = $state.raw<File | null>(null);
  url = $state<string | null>(null);

  #recorder: MediaRecorder | null = null;
  #stream: MediaStream | null = null;
  #context: AudioContext | null = null;
  #lock: WakeLockSentinel | null = null;
  #frame = 0;

  async start() {
    this.discard();
    this.failed = null;
    if (!isSecureContext) return this.#fail(t(uploads.record_insecure));
    const format =
      typeof MediaRecorder === "undefined" ? undefined : FORMATS.find(([kind]) => MediaRecorder.isTypeSupported(kind));
    if (!format || !navigator.mediaDevices) return this.#fail(t(uploads.record_unable));
    this.phase = "asking";
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: true },
      });
    } catch (error) {
      return this.#fail(whyNot(error));
    }
    const [kind, ending] = format;
    const parts: Blob[] = [];
    const recorder = new MediaRecorder(this.#stream, { mimeType: kind, audioBitsPerSecond: RATE });
    recorder.addEventListener("dataavailable", ({ data }) => data.size > 0 && parts.push(data));
    recorder.addEventListener("stop", () => this.#keep(new Blob(parts, { type: kind.split(";")[0]! }), ending));
    this.#recorder = recorder;
    this.#measure(this.#stream);
    recorder.start(1000);
    this.phase = "recording";
    // a phone that falls asleep stops recording; not every browser can keep it awake
    this.#lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  }

  pause() {
    this.#recorder?.pause();
    this.phase = "paused";
  }

  resume() {
    this.#recorder?.resume();
    this.phase = "recording";
  }

  stop() {
    if (this.#recorder && this.#recorder.state !== "inactive") this.#recorder.stop();
  }

  discard() {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = this.file = null;
    this.seconds = 0;
    this.phase = "idle";
  }

  #keep(blob: Blob, ending: string) {
    this.#release();
    this.file = new File([blob], `thu-am.${ending}`, { type: blob.type, lastModified: Date.now() });
    this.url = URL.createObjectURL(blob);
    this.phase = "done";
  }

  #fail(why: string) {
    this.#release();
    this.phase = "idle";
    this.failed = why;
  }

  #release() {
    cancelAnimationFrame(this.#frame);
    this.#stream?.getTracks().forEach((track) => track.stop());
    void this.#context?.close();
    void this.#lock?.release();
    this.#stream = this.#context = this.#lock = this.#recorder = null;
    this.level = 0;
    this.advice = null;
  }

  #measure(stream: MediaStream) {
    const context = new AudioContext();
    this.#context = context;
    const analyser = context.createAnalyser();
    analyser.fftSize = 2048;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let before = performance.now();
    let quiet = 0;
    let loud = -Infinity;
    const look = () => {
      this.#frame = requestAnimationFrame(look);
      const now = performance.now();
      const passed = (now - before) / 1000;
      before = now;
      analyser.getFloatTimeDomainData(samples);
      const peak = decibels(samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0));
      // up at once, down slowly: what an eye can follow
      this.level = Math.max(Math.min(1 + peak / 60, 1), this.level - passed * 0.8, 0);
      if (this.phase !== "recording") return;
      this.seconds += passed;
      quiet = peak > QUIET ? 0 : quiet + passed;
      if (peak > LOUD) loud = now;
      this.advice = now - loud < 2000 ? "loud" : quiet > THINKING ? "quiet" : null;
    };
    look();
  }
}

const decibels = (amplitude: number) => 20 * Math.log10(Math.max(amplitude, 1e-6));

function whyNot(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return t(uploads.record_refused);
  if (name === "NotFoundError" || name === "OverconstrainedError") return t(uploads.record_no_microphone);
  if (name === "NotReadableError" || name === "AbortError") return t(uploads.record_busy);
  return t(uploads.record_unable);
}

export const recorder = new Recorder();
