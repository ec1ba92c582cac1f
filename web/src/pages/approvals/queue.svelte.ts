// What waits for a decision, in an order in which somebody with one minute does the most good.
import { api, newKey, Refusal, told, words } from "../../api/client";
import { station } from "../../api/station.svelte";
import { lookFor, type Start } from "../../lib/planned";
import type { Segment } from "../../lib/segment";
import { t } from "../../words/index.svelte";
import { approvals } from "../../words/approvals";
import { orderOf, split } from "./order";

export class Queue {
  segments = $state.raw<Segment[] | null>(null);
  failed = $state<string | null>(null);
  /** The first airing of each, once the plan was read. */
  first = $state.raw<Map<string, Start | undefined>>(new Map());
  /** How far the plan was looked through. */
  until = $state(0);
  /** What was passed and the current card stay where they are while others come. */
  #order = $state.raw<string[]>([]);
  current = $state<string | null>(null);
  /** The whole of the current one, with its waveform. */
  whole = $state.raw<Segment | null>(null);
  /** The current one is not what it was when it was first shown. */
  changed = $state(false);
  busy = $state(false);
  /** What became of the last decision. It stands above the card: a note that floats would cover the buttons. */
  said = $state<{ text: string; bad: boolean } | null>(null);
  /** Said to be somebody else's to decide on by the station, which knows who edited what. */
  #notMine = $state.raw<Set<string>>(new Set());
  decided = $state(0);
  #intention = { meant: "", key: "" };

  #parts = $derived(split(this.segments ?? [], station.me?.name ?? "", this.#notMine));
  others = $derived(this.#parts.others);
  mine = $derived(
    this.#order.map((id) => this.#parts.mine.find((it) => it.id === id)).filter((it) => it !== undefined),
  );
  at = $derived(this.mine.findIndex((it) => it.id === this.current));

  constructor(wanted: string | undefined) {
    this.current = wanted ?? null;
  }

  async read() {
    try {
      const lists = await Promise.all([waiting("altered"), waiting("awaiting_approval")]);
      this.segments = lists.flat();
      this.failed = null;
    } catch (error) {
      this.failed = words(error);
      throw error;
    }
    this.#arrange();
    await this.#open();
    if (await this.#plan()) this.#arrange();
  }

  /** Goes to another card; a circle, so that nothing is left behind. */
  step(by: number) {
    const { length } = this.mine;
    if (length === 0) return;
    this.said = null;
    this.show(this.mine[(this.at + by + length) % length]!.id);
  }

  show(id: string | null) {
    this.current = id;
    this.whole = null;
    this.changed = false;
    void this.#open().catch(() => {});
  }

  /** True when it was decided and the next one is shown. */
  async decide(decision: "approve" | "reject", note: string): Promise<boolean> {
    const segment = this.whole;
    if (!segment || this.busy) return false;
    this.busy = true;
    const { id, title, approval_digest: seen } = segment;
    // pressed again after a broken line, it is the same decision
    const meant = [id, seen, decision, note].join("\n");
    if (this.#intention.meant !== meant) this.#intention = { meant, key: newKey() };
    try {
      const body = { decision, seen, ...(note ? { note } : {}) };
      const params = { path: { id }, header: { "Idempotency-Key": this.#intention.key } };
      const now = await told(api.POST("/api/v1/segments/{id}/approval", { params, body }));
      const count = now.approvals_missing;
      const done =
        decision === "reject" ? approvals.returned : count > 0 ? approvals.approved_partly : approvals.approved;
      this.#say(t(done, { title, count }));
      this.decided += 1;
      this.#replace(now);
      return true;
    } catch (error) {
      this.#say(words(error), true);
      if (error instanceof Refusal && error.code === "own_upload") this.#notMine = new Set([...this.#notMine, id]);
      if (error instanceof Refusal && [403, 404, 409, 412].includes(error.status)) await this.read().catch(() => {});
      return false;
    } finally {
      this.busy = false;
    }
  }

  #say(text: string, bad = false) {
    this.said = { text, bad };
  }

  /** Takes in what a decision made of it, and shows the one behind it. */
  #replace(now: Segment) {
    const behind = this.mine[this.at + 1]?.id ?? this.mine.find((it) => it.id !== now.id)?.id ?? null;
    const rest = (this.segments ?? []).filter((it) => it.id !== now.id);
    this.segments = now.state === "awaiting_approval" ? [...rest, now] : rest;
    this.show(behind);
    void station.readStatus();
  }

  /** Whether more is known of when they air. */
  async #plan(): Promise<boolean> {
    const unknown = (this.segments ?? []).map(({ id }) => id).filter((id) => !this.first.has(id));
    if (unknown.length === 0) return false;
    try {
      const found = await lookFor(unknown, 7);
      this.until = found.until;
      this.first = new Map([...this.first, ...unknown.map((id) => [id, found.starts.get(id)?.[0]] as const)]);
      return true;
    } catch {
      // when it airs is a help in deciding, not a condition of it
      return false;
    }
  }

  /** Puts what comes behind the current card in its order. */
  #arrange() {
    const seen = this.#order.slice(0, this.#order.indexOf(this.current ?? "") + 1);
    const behind = this.#parts.mine.filter(({ id }) => !seen.includes(id));
    this.#order = [...seen, ...orderOf(behind, this.first)];
  }

  /** Shows the current card, or the first where it is gone. */
  async #open() {
    const { mine, whole } = this;
    const segment = mine.find(({ id }) => id === this.current);
    if (!segment) {
      if (whole && !this.busy) this.#say(t(approvals.gone, { title: whole.title }));
      this.whole = null;
      this.current = mine[0]?.id ?? null;
      if (!this.current) return;
    }
    const id = this.current!;
    const seen = segment && whole?.approval_digest === segment.approval_digest;
    if (seen && whole.approvals.length === segment.approvals.length && whole.prepared_sha256) return;
    const read = await told(api.GET("/api/v1/segments/{id}", { params: { path: { id } } }));
    if (this.current !== id) return;
    this.changed ||= whole !== null && whole.id === id && whole.approval_digest !== read.approval_digest;
    this.whole = read;
  }
}

async function waiting(state: "altered" | "awaiting_approval"): Promise<Segment[]> {
  const found: Segment[] = [];
  for (let cursor: string | undefined; ;) {
    const query = { state, limit: 1000, ...(cursor ? { cursor } : {}) };
    const page = await told(api.GET("/api/v1/segments", { params: { query } }));
    found.push(...page.items);
    if (!page.next) return found;
    cursor = page.next;
  }
}
