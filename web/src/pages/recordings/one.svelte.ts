// One recording with what is known around it.
import { api, Refusal, type Schemas, told, toldWithTag, words } from "../../api/client";
import { station } from "../../api/station.svelte";
import { lookFor, type Start } from "../../lib/planned";
import type { Segment } from "../../lib/segment";
import { clock } from "../../lib/times.svelte";

type Airing = Schemas["Airing"];

const DAY = 24 * 3_600_000;
/** So many days back it is looked for in the log, and so many airings are shown. */
const BACK = 30;
const SHOWN = 5;

export class One {
  segment = $state.raw<Segment | null>(null);
  etag = "";
  gone = $state(false);
  failed = $state<string | null>(null);
  /** One more than are shown, so that it can be said that there are more. */
  starts = $state.raw<Start[] | null>(null);
  /** How far the plan was looked through. */
  until = $state(0);
  airings = $state.raw<Airing[] | null>(null);

  constructor(readonly id: string) {}

  async read() {
    try {
      const { data, etag } = await toldWithTag(api.GET("/api/v1/segments/{id}", { params: { path: { id: this.id } } }));
      this.segment = data;
      this.etag = etag;
      this.failed = null;
    } catch (error) {
      this.gone = error instanceof Refusal && error.status === 404;
      this.failed = words(error);
      throw error;
    }
  }

  async readPlan() {
    const found = await lookFor([this.id], 7, SHOWN + 1);
    this.starts = found.starts.get(this.id) ?? [];
    this.until = found.until;
  }

  async readAirings() {
    if (!station.may("airings:read")) return;
    const query = {
      segment: this.id,
      from: new Date(clock.now() - BACK * DAY).toISOString(),
      order: "newest" as const,
      limit: SHOWN,
    };
    this.airings = (await told(api.GET("/api/v1/airings", { params: { query } }))).items;
  }
}
