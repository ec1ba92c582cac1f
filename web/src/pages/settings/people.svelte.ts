// People as the administrator keeps them. A one-time passphrase is shown by whoever asked for it, once.
import { api, Refusal, type Schemas, told, words } from "../../api/client";
import { ask } from "../../lib/ask.svelte";
import { tell, tellBad } from "../../lib/news.svelte";
import { common } from "../../words/common";
import { t, type Words } from "../../words/index.svelte";
import { settings } from "../../words/settings";

export type Person = Schemas["Person"];
type Change = Partial<Schemas["PersonChange"]>;

/** Who made an identity. What was made on the board has words of the program in the place of a name. */
export function maker(by: string | null): string | null {
  if (by === "console") return t(settings.made_on_board);
  if (by === "first start") return t(settings.made_at_first_start);
  return by && t(settings.person_made_by, { name: by });
}

export class People {
  items = $state.raw<Person[] | null>(null);
  failed = $state<string | null>(null);
  passphrase = $state.raw<{ name: string; secret: string } | null>(null);

  async read() {
    try {
      const page = await told(api.GET("/api/v1/people", { params: { query: { limit: 1000 } } }));
      this.items = page.items;
      this.failed = null;
    } catch (error) {
      this.failed = words(error);
    }
  }

  async add(name: string, role: Person["role"]) {
    const made = await told(api.POST("/api/v1/people", { body: { name, role } }));
    this.#show(made);
    await this.read();
  }

  /** Throws what the station refuses; somebody else's change is told and read. */
  async change(person: Person, body: Change) {
    try {
      const params = { path: { id: person.id }, header: { "If-Match": `"${person.version}"` } };
      const changed = await told(api.PUT("/api/v1/people/{id}", { params, body } as never));
      this.#show(changed);
      tell(t(settings.person_done, { name: person.name }));
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 412) throw error;
      tellBad(t(common.changed_meanwhile));
    } finally {
      await this.read();
    }
  }

  resetPassword = (person: Person) =>
    this.#sure(person, settings.person_reset_ask, settings.person_reset_text, settings.person_reset, () =>
      this.change(person, { reset_password: true }),
    );

  resetSecondFactor = (person: Person) =>
    this.#sure(
      person,
      settings.person_reset_factor_ask,
      settings.person_reset_factor_text,
      settings.person_reset_factor,
      () => this.change(person, { reset_second_factor: true }),
    );

  revoke = (person: Person) =>
    this.#sure(person, settings.person_revoke_ask, settings.person_revoke_text, settings.person_revoke, async () => {
      await told(api.DELETE("/api/v1/people/{id}", { params: { path: { id: person.id } } }));
      tell(t(settings.person_done, { name: person.name }));
      await this.read();
    });

  async #sure({ name }: Person, title: Words, text: Words, yes: Words, then: () => Promise<void>) {
    if (!(await ask({ title: t(title, { name }), text: t(text, { name }), yes: t(yes), danger: true }))) return;
    try {
      await then();
    } catch (error) {
      tellBad(words(error));
    }
  }

  #show(person: Schemas["PersonWithPassphrase"]) {
    if (person.one_time_password) this.passphrase = { name: person.name, secret: person.one_time_password };
  }
}
