// What the station says of itself, kept up to date by its events. One object for the whole page.
import { clock } from "../lib/times.svelte";
import { api, ANSWER_WITHIN, Refusal, type Schemas, told, whenSessionIsOver } from "./client";

export type Status = Schemas["Status"];
export type Me = Schemas["Session"];
export type Scope = Schemas["Scope"];
export type Link = "connecting" | "live" | "lost";

/** The station says something at least every 15 s; after this silence the line is dead. */
const SILENCE = 40_000;
const LONGEST_WAIT = 30_000;
/** Things that no event tells (trust in the clock, say) are seen after this time. */
const READ_ANYWAY = 60_000;

export type EventName =
  | "status"
  | "view"
  | "progress"
  | "airing"
  | "segment"
  | "plan"
  | "sound"
  | "output"
  | "amplifier"
  | "preparation"
  | "lost";
type Listener = (name: EventName) => void;

class Station {
  me = $state<Me | null>(null);
  /** Why the door is shown. */
  said = $state<"session_over" | "logged_out" | "password_saved" | null>(null);
  /** False until the station said who we are. */
  known = $state(false);
  status = $state.raw<Status | null>(null);
  /** Names of the zones by their id. */
  zones = $state.raw<Map<string, string>>(new Map());
  link = $state<Link>("connecting");
  /** The station's time when it was last heard. */
  heardAt = $state<number | null>(null);
  /** When the progress of what sounds was last told, on our monotonic clock. */
  progressAt = 0;

  #cut: AbortController | null = null;
  #listeners = new Set<Listener>();

  constructor() {
    whenSessionIsOver(() => this.leave("session_over"));
    setInterval(() => {
      if (this.me && this.link === "live") void this.readStatus();
    }, READ_ANYWAY);
  }

  may(scope: Scope): boolean {
    return Boolean(this.me?.scopes.includes(scope));
  }

  get name(): string {
    return this.status?.station.name ?? "Loaxa";
  }

  zoneNames(ids: string[]): string[] {
    return ids.map((id) => this.zones.get(id) ?? id.slice(0, 8));
  }

  /** Calls when one of these events comes, and on every new line; once for many that come together. */
  on(names: EventName[], read: () => Promise<void>): () => void {
    const run = once(read);
    const listener: Listener = (name) => {
      if (name === "status" || name === "lost" || names.includes(name)) void run();
    };
    this.#listeners.add(listener);
    void run();
    return () => this.#listeners.delete(listener);
  }

  // ---- who we are ----

  /** Asks until the station answers. Whoever never logged in here is not asked for: the answer is known. */
  async begin(): Promise<void> {
    if (!remembered()) {
      this.known = true;
      return;
    }
    for (let wait = 1000; !this.me; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        this.enter(await told(api.GET("/api/v1/session")));
        return;
      } catch (error) {
        this.known = true;
        if (error instanceof Refusal && error.status === 401) return remember(false);
        this.link = "lost";
        await pause(wait);
      }
    }
  }

  enter(me: Me) {
    this.me = me;
    this.known = true;
    this.said = null;
    remember(true);
    if (!me.must_change_password) this.#open();
  }

  leave(why: typeof this.said) {
    if (!this.me && why === "session_over") return;
    this.#close();
    remember(false);
    this.me = null;
    this.status = null;
    this.zones = new Map();
    this.said = why;
  }

  // ---- the line ----

  #open() {
    this.#close();
    const cut = new AbortController();
    this.#cut = cut;
    this.link = "connecting";
    void this.#hold(cut);
    void this.readZones();
  }

  #close() {
    this.#cut?.abort();
    this.#cut = null;
  }

  /** Listens for as long as this is our line; waits longer after each failure. */
  async #hold(cut: AbortController) {
    for (let wait = 1000; !cut.signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        await this.#listen(cut.signal, () => (wait = 500));
      } catch (error) {
        if (error instanceof Refusal && error.status === 401) return this.leave("session_over");
      }
      if (cut.signal.aborted) return;
      this.link = "lost";
      await pauseOrHope(wait * (0.75 + Math.random() / 2));
    }
  }

  async #listen(outer: AbortSignal, alive: () => void) {
    const cut = new AbortController();
    const stop = () => cut.abort();
    outer.addEventListener("abort", stop);
    let timer = setTimeout(stop, ANSWER_WITHIN);
    try {
      const answer = await fetch("/api/v1/events", { signal: cut.signal, cache: "no-store" });
      if (!answer.ok || !answer.body) throw new Refusal(answer.status);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ""; ;) {
        clearTimeout(timer);
        timer = setTimeout(stop, SILENCE);
        const { done, value } = await reader.read();
        if (done) return;
        alive();
        this.heardAt = clock.now();
        const blocks = (text + value).split("\n\n");
        text = blocks.pop() ?? "";
        blocks.forEach((block) => this.#happened(block));
      }
    } finally {
      clearTimeout(timer);
      outer.removeEventListener("abort", stop);
    }
  }

  #happened(block: string) {
    const field = (name: string) =>
      block
        .split("\n")
        .find((row) => row.startsWith(`${name}: `))
        ?.slice(name.length + 2);
    const name = field("event") as EventName | undefined;
    const data = parse(field("data"));
    if (!name || data === undefined || !this.me) return;
    if (name === "status") {
      // the first word on a new line: whatever we missed is read again by whoever listens
      this.#set(data as Status);
      this.link = "live";
    } else if (name === "progress" && this.status) {
      const told = data as Schemas["ProgressEvent"];
      const before = this.status.on_air?.slot === told.slot ? this.status.on_air : null;
      const { status } = this;
      this.progressAt = performance.now();
      this.status = {
        ...status,
        activity: { kind: "on_air", slot: told.slot, since: before?.started ?? null },
        on_air: {
          segment: "",
          started: null,
          ...before,
          slot: told.slot,
          title: told.title,
          played: told.played,
          seconds: told.seconds,
        },
        sound: {
          ...status.sound,
          level_dbfs: told.level_dbfs,
        },
      };
      return;
    } else if (name === "view" && this.status) {
      const view = data as Schemas["ViewEvent"];
      this.status = { ...this.status, activity: view.activity, stopped: view.stopped };
      void this.readStatus();
    } else {
      void this.readStatus();
    }
    for (const listener of this.#listeners) listener(name);
  }

  #set(status: Status) {
    clock.set(status.now, status.station.timezone);
    this.progressAt = performance.now();
    this.status = status;
  }

  readonly readStatus = once(async () => this.#set(await told(api.GET("/api/v1/status"))));

  async readZones() {
    try {
      const page = await told(api.GET("/api/v1/zones", { params: { query: { limit: 1000 } } }));
      this.zones = new Map(page.items.map((zone) => [zone.id, zone.name]));
    } catch {
      // names are a comfort: without them ids are shown
    }
  }
}

/** Whether somebody may be logged in: the cookie itself is not for scripts to see. */
function remembered(): boolean {
  try {
    return localStorage.getItem("loaxa.known") === "yes";
  } catch {
    return true;
  }
}

function remember(known: boolean) {
  try {
    if (known) localStorage.setItem("loaxa.known", "yes");
    else localStorage.removeItem("loaxa.known");
  } catch {
    // a page without storage asks each time
  }
}

/** Reads once for many wishes that come together, and once more for those that come meanwhile. */
function once(read: () => Promise<void>): () => Promise<void> {
  let running = false;
  let wished = false;
  return async () => {
    wished = true;
    if (running) return;
    running = true;
    try {
      while (wished) {
        await pause(120);
        wished = false;
        try {
          await read();
        } catch (error) {
          // whoever reads says what went wrong; the line says that it is lost
          if (!(error instanceof Refusal)) console.error(error);
        }
      }
    } finally {
      running = false;
    }
  };
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

/** Waits, but no longer than until something happens that makes trying at once worth it. */
function pauseOrHope(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    const heard = new AbortController();
    const end = () => {
      heard.abort();
      clearTimeout(timer);
      done();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end, heard);
    document.addEventListener("visibilitychange", () => document.hidden || end(), heard);
  });
}

export const station = new Station();
