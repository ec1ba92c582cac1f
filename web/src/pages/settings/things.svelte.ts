// Windows, zones and holidays are kept alike: a list, a form, a version that a change must name.
import { api, newKey, Refusal, type Schemas, told, words } from "../../api/client";
import { ask } from "../../lib/ask.svelte";
import { tell, tellBad } from "../../lib/news.svelte";
import { common } from "../../words/common";
import { say, t } from "../../words/index.svelte";
import { settings } from "../../words/settings";

interface Known {
  windows: { thing: Schemas["Window"]; draft: Schemas["WindowDraft"] };
  zones: { thing: Schemas["Zone"]; draft: Schemas["ZoneDraft"] };
  holidays: { thing: Schemas["Holiday"]; draft: Schemas["HolidayDraft"] };
}
export type Kind = keyof Known;
export type Thing<K extends Kind> = Known[K]["thing"];
export type Draft<K extends Kind> = Known[K]["draft"];

type Call = (path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
const call = api as unknown as Record<"GET" | "POST" | "PUT" | "DELETE", Call>;

export class Things<K extends Kind> {
  items = $state.raw<Thing<K>[] | null>(null);
  failed = $state<string | null>(null);
  readonly #path: string;

  constructor(kind: K) {
    this.#path = `/api/v1/${kind}`;
  }

  async read() {
    try {
      const page = await told(call.GET(this.#path, { params: { query: { limit: 1000 } } }));
      this.items = (page as { items: Thing<K>[] }).items;
      this.failed = null;
    } catch (error) {
      this.failed = words(error);
    }
  }

  /** Makes one, or replaces `of`. Throws what the station refuses; somebody else's change is told and read. */
  async save(draft: Draft<K>, of: Thing<K> | null): Promise<Thing<K> | null> {
    try {
      const saved = (await told(
        of
          ? call.PUT(`${this.#path}/{id}`, this.#of(of, { body: draft }))
          : call.POST(this.#path, { body: draft, headers: { "idempotency-key": newKey() } }),
      )) as Thing<K>;
      tell(
        [of ? t(common.saved) : t(settings.made, { name: saved.name }), ...(saved.warnings ?? []).map(say)].join(" "),
      );
      return saved;
    } catch (error) {
      if (!this.#changed(error)) throw error;
      return null;
    } finally {
      await this.read();
    }
  }

  /** Makes all of these, one after the other, and says so once. Throws at the first that the station refuses. */
  async add(drafts: Draft<K>[]) {
    let count = 0;
    try {
      for (const draft of drafts) {
        await told(call.POST(this.#path, { body: draft, headers: { "idempotency-key": newKey() } }));
        count += 1;
      }
    } finally {
      if (count > 0) tell(t(settings.made_many, { count }));
      await this.read();
    }
  }

  async remove(of: Thing<K>) {
    const question = {
      title: t(settings.remove_ask, { name: of.name }),
      text: t(settings.remove_text),
      yes: t(common.delete),
      danger: true,
    };
    if (!(await ask(question))) return;
    try {
      await told(call.DELETE(`${this.#path}/{id}`, this.#of(of, {})));
      tell(t(settings.removed, { name: of.name }));
    } catch (error) {
      if (!this.#changed(error)) tellBad(words(error));
    }
    await this.read();
  }

  #of({ id, version }: Thing<K>, more: object) {
    return { params: { path: { id }, header: { "If-Match": `"${version}"` } }, ...more };
  }

  #changed(error: unknown): boolean {
    const changed = error instanceof Refusal && error.status === 412;
    if (changed) tellBad(t(common.changed_meanwhile));
    return changed;
  }
}
