// The plan and the log of the days that are looked at.
import { api, Refusal, type Schemas, told, words } from "../../api/client";
import { station } from "../../api/station.svelte";
import { addDays, civilOf, daysFrom, instantOf } from "../../lib/civil";
import { clock } from "../../lib/times.svelte";
import { type Airing, itemsOf, type Refusal as Refused, type Slot } from "./blocks";

/** Airings that are read at most; the log shows the rest. */
const MOST_AIRINGS = 6000;
/** So many slots and refusals the API tells at once. */
const MOST_ENTRIES = 20_000;
/** A station that plans more than that is read day by day, up to so many. */
const MOST_DAYS = 7;
/** What took this long to read is not read again at every event. */
const HEAVY = 3000;
const REST = 60_000;

export class Reading {
  slots = $state.raw<Slot[]>([]);
  refusals = $state.raw<Refused[]>([]);
  airings = $state.raw<Airing[]>([]);
  windows = $state.raw<Schemas["Window"][]>([]);
  notice = $state.raw<Schemas["Warning"] | null>(null);
  failed = $state<string | null>(null);
  busy = $state(false);
  /** Days of which nothing could be told because too much is planned. */
  overfull = $state.raw<string[]>([]);
  /** There were more airings than are shown. */
  capped = $state(false);
  from = $state("");
  to = $state("");
  #turn = 0;
  #took = 0;
  #readAt = -Infinity;

  /** Once a minute is often enough for what is over. */
  minute = $derived(Math.floor(clock.shown / 60_000));
  items = $derived.by(() => {
    void this.minute;
    return itemsOf({ slots: this.slots, refusals: this.refusals }, this.airings, clock.now());
  });

  /** Days from one to before another; what was there stays until the new is. */
  async show(from: string, to: string) {
    if (from === this.from && to === this.to) return;
    [this.from, this.to] = [from, to];
    await this.read();
  }

  /** Upon an event: not what was heavy a moment ago. */
  async again() {
    if (!this.from || (this.#took > HEAVY && performance.now() - this.#readAt < REST)) return;
    await this.read();
  }

  async read() {
    const turn = ++this.#turn;
    const mine = () => turn === this.#turn;
    const begun = performance.now();
    this.busy = true;
    try {
      await Promise.all([this.#readPlan(mine), this.#readAirings(mine), this.#readWindows(mine)]);
      if (mine()) this.failed = null;
    } catch (error) {
      if (mine()) this.failed = words(error);
    } finally {
      if (mine()) this.busy = false;
      this.#readAt = performance.now();
      this.#took = this.#readAt - begun;
    }
  }

  async #readPlan(mine: () => boolean) {
    const today = civilOf(clock.now()).slice(0, 10);
    const from = this.from > today ? this.from : today;
    const { to } = this;
    // what is past is told by the log alone: the plan of then may have been another
    if (from >= to) {
      [this.slots, this.refusals, this.overfull] = [[], [], []];
      return;
    }
    const ask = (from: string, to: string) => told(api.GET("/api/v1/plan", { params: { query: { from, to } } }));
    const days = daysFrom(from, to);
    const overfull: string[] = [];
    const parts: Schemas["Plan"][] = [];
    const put = () => {
      if (!mine()) return;
      this.slots = parts.flatMap((part) => part.slots);
      this.refusals = parts.flatMap((part) => part.refusals);
      this.notice = parts[0]?.notice ?? null;
      this.overfull = overfull;
    };
    /** A stretch; what is too much for one answer is put down. */
    const add = async (first: string, after: string) => {
      try {
        parts.push(await ask(first, after));
      } catch (error) {
        if (!tooMuch(error)) throw error;
        overfull.push(...daysFrom(first, after));
      }
    };
    // the first day tells how much there is: the rest at once, or day by day where a day is very full
    await add(from, addDays(from, 1));
    const [first] = parts;
    const full = !first || (first.slots.length + first.refusals.length) * days.length > MOST_ENTRIES;
    if (!full && days.length > 1) await add(days[1]!, to);
    for (const day of full ? days.slice(1, MOST_DAYS) : []) {
      put();
      if (!mine()) return;
      await add(day, addDays(day, 1));
    }
    if (full) overfull.push(...days.slice(MOST_DAYS));
    put();
  }

  /** Upon an event: those that are new. */
  async newAirings() {
    const turn = this.#turn;
    if (this.from && !this.capped) await this.#readAirings(() => turn === this.#turn, this.airings.at(-1)?.seq);
  }

  async #readAirings(mine: () => boolean, after?: number) {
    const today = civilOf(clock.now()).slice(0, 10);
    if (!station.may("airings:read") || this.from > today) {
      this.airings = [];
      return;
    }
    const ends = { from: new Date(instantOf(this.from)).toISOString(), to: new Date(instantOf(this.to)).toISOString() };
    const found: Airing[] = [];
    let next: string | null = null;
    do {
      const query = {
        ...ends,
        limit: 1000,
        ...(after === undefined ? {} : { after_seq: after }),
        ...(next ? { cursor: next } : {}),
      };
      const page: Schemas["AiringPage"] = await told(api.GET("/api/v1/airings", { params: { query } }));
      found.push(...page.items);
      next = page.next;
    } while (next && found.length < MOST_AIRINGS && mine());
    if (!mine()) return;
    if (after === undefined) this.airings = found;
    else if (found.length > 0) this.airings = [...this.airings, ...found];
    this.capped = next !== null;
  }

  async #readWindows(mine: () => boolean) {
    const page = await told(api.GET("/api/v1/windows", { params: { query: { limit: 1000 } } }));
    if (mine()) this.windows = page.items;
  }
}

const tooMuch = (error: unknown) => error instanceof Refusal && error.code === "bad_parameter";
