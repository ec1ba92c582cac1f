// Airings as they are shown: the newest first, a page more whenever somebody comes near the end.
import { api, Refusal, type Schemas, told, words } from "../../api/client";
import { fold } from "../../lib/fold";
import { instantOf } from "../../lib/civil";
import { dayFinder } from "../../lib/period";
import { clock, dayOf } from "../../lib/times.svelte";
import { newest, type Query } from "./newest";

export type Airing = Schemas["Airing"];

export interface Filter {
  /** Days; `to` is the first that is not in it. */
  from: string | null;
  to: string | null;
  outcome: Airing["outcome"] | "";
  campaign: string;
  segment: string;
  /** A tag; the language of recordings as they are now. */
  language: string;
  text: string;
}

/** A row of the list: a day's heading, or an airing of it. */
export type Line = { day: string; airing: null } | { day: string; airing: Airing };

/** So many airings are looked through for a name before somebody is asked whether to go on. */
const SEARCH = 4000;
const ENOUGH = 40;

export class Airings {
  lines = $state.raw<Line[]>([]);
  count = $state(0);
  /** Came while somebody was reading further down. */
  fresh = $state.raw<Airing[]>([]);
  busy = $state(false);
  done = $state(false);
  failed = $state<string | null>(null);
  /** Looked through in vain: somebody decides whether to go on. */
  paused = $state(false);
  seen = $state(0);
  /** Older ones than the list has, which the rule of retention removed. */
  removed = $state.raw<Schemas["Removed"] | null>(null);

  #filter: Filter;
  #pages: AsyncGenerator<Airing[]>;
  #over = false;
  #searchUntil = SEARCH;
  readonly #dayOf = dayFinder(dayOf, clock.zone);

  constructor(filter: Filter) {
    this.#filter = filter;
    const bound = (day: string | null) => (day === null ? null : instantOf(day));
    const asked = { from: bound(filter.from), to: bound(filter.to) };
    const isNoOrder = (error: unknown) => error instanceof Refusal && error.status === 400;
    this.#pages = newest(
      (query) => this.#ask(query),
      asked,
      (airing) => Date.parse(airing.planned_start),
      clock.now(),
      isNoOrder,
    );
  }

  get days(): Pick<Filter, "from" | "to"> {
    return this.#filter;
  }

  /** What the API is asked, beside its bounds. */
  static query({ outcome, campaign, segment, language }: Filter) {
    const wanted = Object.entries({ campaign, segment, language }).filter(([, value]) => value);
    return { ...(outcome ? { outcome } : {}), ...(Object.fromEntries(wanted) as Record<string, string>) };
  }

  async #ask(query: Query | { after_seq: number; limit: number }) {
    const all = { ...Airings.query(this.#filter), ...query };
    const page = await told(api.GET("/api/v1/airings", { params: { query: all } }));
    this.removed ??= page.removed;
    return page;
  }

  #fits = (airing: Airing): boolean => {
    const { text } = this.#filter;
    return !text || fold(`${airing.title ?? ""} ${airing.programme_name}`).includes(fold(text));
  };

  async more() {
    if (this.busy || this.done || this.#over || this.paused) return;
    this.busy = true;
    this.failed = null;
    try {
      for (let found = 0; found < ENOUGH && !this.done;) {
        const { value, done } = await this.#pages.next();
        if (this.#over) return;
        this.done = done === true;
        this.seen += value?.length ?? 0;
        const fitting = (value ?? []).filter(this.#fits);
        found += fitting.length;
        if (fitting.length > 0) this.#put(this.lines, fitting, []);
        if (this.#filter.text && found < ENOUGH && this.seen >= this.#searchUntil && !this.done) {
          this.paused = true;
          return;
        }
      }
    } catch (error) {
      this.failed = words(error);
      this.#restart();
    } finally {
      this.busy = false;
    }
  }

  /** A generator that threw is over: another one goes on below what is here. */
  #restart() {
    const last = this.lines.at(-1)?.airing;
    const { from } = this.#filter;
    const asked = {
      from: from === null ? null : instantOf(from),
      to: last ? Date.parse(last.planned_start) + 1 : this.#filter.to === null ? null : instantOf(this.#filter.to),
    };
    const here = new Set(this.lines.slice(-200).map(({ airing }) => airing?.seq));
    const isNoOrder = (error: unknown) => error instanceof Refusal && error.status === 400;
    const pages = newest(
      (query) => this.#ask(query),
      asked,
      (airing) => Date.parse(airing.planned_start),
      clock.now(),
      isNoOrder,
    );
    this.#pages = (async function* () {
      for await (const page of pages) yield page.filter((airing) => !here.has(airing.seq));
    })();
  }

  searchOn() {
    this.#searchUntil = this.seen + SEARCH;
    this.paused = false;
    void this.more();
  }

  /** What aired since; `show` where nobody would lose their place. */
  async newer(show: boolean) {
    const newest = Math.max(this.fresh[0]?.seq ?? 0, ...this.lines.slice(0, 50).map(({ airing }) => airing?.seq ?? 0));
    if (this.busy || (this.#filter.to !== null && instantOf(this.#filter.to) < clock.now())) return;
    if (newest < 1) {
      // nothing is here to go on from: the first that comes is looked for as at the beginning
      if (!this.done) return;
      this.#restart();
      this.done = false;
      return this.more();
    }
    const page = await this.#ask({ after_seq: newest, limit: 1000 });
    const found = page.items.filter(this.#fits).reverse();
    if (this.#over || found.length === 0) return;
    this.fresh = [...found, ...this.fresh];
    if (show) this.showFresh();
  }

  showFresh() {
    this.#put([], this.fresh, this.lines);
    this.fresh = [];
  }

  /** Another filter took its place. */
  end() {
    this.#over = true;
  }

  /** Puts airings between what stands above and below, with a heading where a day begins. */
  #put(above: Line[], airings: Airing[], below: Line[]) {
    const added: Line[] = [];
    let before = above.at(-1)?.day;
    for (const airing of airings) {
      const day = this.#dayOf(Date.parse(airing.planned_start));
      if (day !== before) added.push({ day, airing: null });
      added.push({ day, airing });
      before = day;
    }
    // the heading of the day that goes on stands above already
    this.lines = above.concat(added, below[0]?.day === before ? below.slice(1) : below);
    this.count += airings.length;
  }
}
