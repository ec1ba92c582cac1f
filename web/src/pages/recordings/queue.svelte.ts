// The files that are on their way to the station, one after the other: a weak line carries one at a time.
import { api, Refusal, told, words } from "../../api/client";
import { station } from "../../api/station.svelte";
import { tell } from "../../lib/news.svelte";
import { router } from "../../lib/router.svelte";
import type { Segment } from "../../lib/segment";
import { clock } from "../../lib/times.svelte";
import { t } from "../../words/index.svelte";
import { uploads } from "../../words/uploads";
import { type Draft, EMPTY, metaOf, wrong } from "./draft";
import { begun, type Previous, send, type Sending, worthTrying } from "./send";
import { titleOf } from "./titles";

export type Phase = "draft" | "waiting" | "sending" | "checking" | "paused" | "done" | "refused";

/** The station stamps times by its own clock, and it may round. */
const SLACK = 5_000;
/** What the line stopped is tried again after this time, where nothing tells sooner that it is back. */
const LATER = 30_000;
let next = 0;

export class Item {
  readonly id = next++;
  draft = $state<Draft>({ ...EMPTY });
  phase = $state<Phase>("draft");
  sent = $state(0);
  failed = $state<string | null>(null);
  segment = $state.raw<Segment | null>(null);
  /** Begun before: what was said of it then stays. */
  previous = $state.raw<Previous | null>(null);
  /** Whether the station had it before it was sent. */
  known = $state(false);
  sending: Sending | null = null;
  /** Somebody thought better of it. */
  left = false;
  /** The title that nobody wrote. */
  readonly suggested: string;

  constructor(
    readonly file: File,
    draft: Partial<Draft> = {},
  ) {
    this.suggested = draft.title ?? titleOf(file.name);
    this.draft = { ...EMPTY, title: this.suggested, ...draft };
  }

  get part(): number {
    return this.file.size ? Math.min(this.sent / this.file.size, 1) : 0;
  }
}

class Queue {
  items = $state<Item[]>([]);
  #listening = false;

  moving = $derived(this.items.filter(({ phase }) => ["waiting", "sending", "checking", "paused"].includes(phase)));
  drafts = $derived(this.items.filter(({ phase }) => phase === "draft"));

  /** Takes files in; one that was begun before goes on at once. */
  async add(files: Iterable<File>, draft: Partial<Draft> = {}): Promise<Item[]> {
    const added: Item[] = [];
    for (const file of files) {
      const item = new Item(file, draft);
      const previous = await begun(who(), file).catch(() => null);
      if (previous && !this.items.some((it) => it.previous?.urlStorageKey === previous.urlStorageKey)) {
        const { title, language, class: name, source, valid_from: from, valid_until: until, music } = previous.metadata;
        item.previous = previous;
        item.draft = {
          title: title ?? item.draft.title,
          language: language ?? "vi",
          class: (name as Draft["class"] | undefined) ?? "normal",
          music: music === "true",
          source: source ?? "",
          from: from ?? "",
          until: until ?? "",
        };
      }
      this.items.push(item);
      added.push(this.items.at(-1)!);
    }
    this.#listen();
    for (const item of added) if (item.previous) this.start(item);
    return added;
  }

  start(item: Item) {
    item.failed = wrong(item.draft);
    if (item.failed || !item.draft.title.trim()) return;
    item.phase = "waiting";
    void this.#run();
  }

  async cancel(item: Item) {
    item.left = true;
    this.remove(item);
    await item.sending?.cancel();
    void this.#run();
  }

  remove(item: Item) {
    this.items = this.items.filter((it) => it.id !== item.id);
  }

  clearDone() {
    this.items = this.items.filter(({ phase }) => phase !== "done");
  }

  async #run(): Promise<void> {
    if (this.items.some(({ phase }) => phase === "sending" || phase === "checking")) return;
    const item = this.items.find(({ phase }) => phase === "waiting");
    if (!item) return;
    item.phase = "sending";
    item.failed = null;
    const began = clock.now();
    item.sending = send(item.file, metaOf(item.draft), who(), item.previous, (sent) => {
      item.sent = sent;
      if (sent >= item.file.size && item.phase === "sending") item.phase = "checking";
    });
    try {
      const id = await item.sending.done;
      item.sent = item.file.size;
      const segment = await told(api.GET("/api/v1/segments/{id}", { params: { path: { id } } }));
      item.segment = segment;
      item.known = Date.parse(segment.uploaded_at) < began - SLACK && !item.previous;
      item.phase = "done";
      // its own row says so where the rows are looked at
      if (router.path !== "recordings/upload") tell(t(uploads.done_news, { title: segment.title }));
    } catch (error) {
      if (item.left) return;
      if (error instanceof Refusal && worthTrying(error.status)) {
        item.phase = "paused";
        setTimeout(() => this.wake(), LATER);
        // what was kept is found again; nothing is sent twice
        item.previous = await begun(who(), item.file).catch(() => item.previous);
      } else {
        item.phase = "refused";
        item.failed = words(error);
        item.previous = null;
      }
    } finally {
      item.sending = null;
    }
    return this.#run();
  }

  /** Goes on with what the lost line stopped. */
  wake() {
    for (const item of this.items) if (item.phase === "paused") item.phase = "waiting";
    void this.#run();
  }

  /** Reads again what the station was still inspecting. */
  async #look() {
    for (const item of this.items) {
      const { segment } = item;
      if (segment?.state !== "received" && segment?.state !== "inspecting") continue;
      item.segment = await told(api.GET("/api/v1/segments/{id}", { params: { path: { id: segment.id } } }));
    }
  }

  #listen() {
    if (this.#listening) return;
    this.#listening = true;
    addEventListener("online", () => this.wake());
    // each new line to the station is a reason to go on
    station.on(["segment"], async () => {
      if (this.items.some(({ phase }) => phase === "paused")) this.wake();
      await this.#look();
    });
    addEventListener("beforeunload", (event) => {
      if (this.moving.length > 0) event.preventDefault();
    });
  }
}

const who = () => station.me?.id ?? "";

export const queue = new Queue();
