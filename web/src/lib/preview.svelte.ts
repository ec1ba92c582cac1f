// What a draft would change, asked while somebody still writes it.
import { api, type Problem, Refusal, type Schemas, told, words } from "../api/client";
import { say, t } from "../words/index.svelte";
import { preview as text } from "../words/preview";
import { addDays, civilOf } from "./civil";
import { clock } from "./times.svelte";

export type PlanDifference = Schemas["PlanDifference"];
type Asked = Schemas["Preview"];

/** Long enough that nobody's typing is asked about letter by letter. */
const STILL = 600;
/** Days that are looked at, and fewer where more would fill the answer. */
const SPANS = [14, 3, 1];
/** What was too much once is not asked for again. */
let most = Infinity;

export class Preview {
  difference = $state.raw<PlanDifference | null>(null);
  /** Why there is no answer. */
  failed = $state<string | null>(null);
  asking = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cut: AbortController | null = null;

  /** Asks once nothing has changed for a while; `first` is the day from which it is looked at, today without it. */
  ask(kind: Asked["kind"], draft: object, first?: string, more: { delete?: boolean; days?: number } = {}) {
    this.stop();
    this.asking = true;
    this.#timer = setTimeout(() => void this.#read(kind, draft, first, more), STILL);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#cut?.abort();
    this.#cut = null;
    this.asking = false;
  }

  clear() {
    this.stop();
    this.difference = null;
    this.failed = null;
  }

  async #read(
    kind: Asked["kind"],
    draft: object,
    first: string | undefined,
    more: { delete?: boolean; days?: number },
  ) {
    const cut = new AbortController();
    this.#cut = cut;
    const today = civilOf(clock.now()).slice(0, 10);
    const from = first && first > today ? first : null;
    const wanted = more.days ?? SPANS[0]!;
    for (const days of [wanted, ...SPANS.filter((span) => span < wanted)]) {
      if (days > most) continue;
      const to = addDays(from ?? today, days);
      const body = { kind, draft, to, ...(from ? { from } : {}), ...(more.delete ? { delete: true } : {}) } as Asked;
      try {
        const difference = await told(api.POST("/api/v1/plan/preview", { body, signal: cut.signal }));
        if (cut.signal.aborted) return;
        this.difference = difference;
        this.failed = null;
        break;
      } catch (error) {
        if (cut.signal.aborted) return;
        this.failed = words(error);
        this.difference = null;
        if (!(error instanceof Refusal && error.code === "bad_parameter")) break;
        most = Math.max(1, days - 1);
      }
    }
    this.asking = false;
  }
}

/** Whether anything would be heard otherwise. */
export const changes = (difference: PlanDifference): boolean =>
  difference.appears.length + difference.disappears.length + difference.moves.length + difference.displaced.length > 0;

/** Why a draft would not be kept. */
export const problemSaid = (problem: Partial<Problem>): string => say({ vi: problem.detail_vi, en: problem.detail });

const UNREAD = ["bad_cron", "never_fires"];

/** Whether the draft's times could not be read, or never come: then nothing is known of what it would air. */
export const unread = (difference: PlanDifference): boolean => UNREAD.includes(difference.problem?.code ?? "");
