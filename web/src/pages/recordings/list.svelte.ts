// The recordings, newest first, as many as are looked at.
import { api, told, words } from "../../api/client";
import type { Segment } from "../../lib/segment";
import { ANY, matches, narrowed, question, type Wanted } from "./filter";

/** So many more are shown at a time. */
const PAGE = 40;

class Recordings {
  wanted = $state<Wanted>({ ...ANY });
  shown = $state(PAGE);
  found = $state.raw<Segment[] | null>(null);
  /** Whether the station has more that were not looked at. */
  more = $state(false);
  failed = $state<string | null>(null);
  #turn = 0;

  /** Reads until enough are found that match. */
  async read() {
    const turn = ++this.#turn;
    const wanted = { ...this.wanted };
    const found: Segment[] = [];
    let cursor: string | undefined;
    try {
      do {
        const page = await told(api.GET("/api/v1/segments", { params: { query: question(wanted, cursor) } }));
        if (turn !== this.#turn) return;
        found.push(...page.items.filter((segment) => matches(segment, wanted)));
        cursor = page.next ?? undefined;
      } while (cursor && found.length < this.shown);
    } catch (error) {
      if (turn === this.#turn) this.failed = words(error);
      throw error;
    }
    this.found = found;
    this.more = Boolean(cursor);
    this.failed = null;
  }

  showMore() {
    this.shown += PAGE;
    if (this.more) void this.read().catch(() => {});
  }

  /** Looks for others from the beginning. */
  async look() {
    this.shown = PAGE;
    await this.read().catch(() => {});
  }

  clear() {
    if (!narrowed(this.wanted)) return;
    this.wanted = { ...ANY };
    void this.look();
  }
}

/** Kept while the page is open: who comes back from one recording finds the list as it was. */
export const list = new Recordings();
