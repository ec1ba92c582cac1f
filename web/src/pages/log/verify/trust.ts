// The keys that are believed, and what they signed (docs/airing-log.md "The verdict").
import { type Boundary } from "./boundary";
import { COSIGNATURE, type Key, NOTE } from "./key";
import { type HeadText, type Note, readHead } from "./note";

export interface Head extends HeadText {
  /** The station's key signed it. */
  byStation: boolean;
  /** Collectors that countersigned it, and when (seconds since 1970). */
  seen: Map<string, number>;
  /** An older export that the auditor has ends with this row. */
  held: boolean;
}

export const isSigned = (head: Head): boolean => head.byStation || head.seen.size > 0;

interface Later {
  note: Note;
  head: HeadText | null;
  /** Somebody who is believed signed it, too. */
  counts: boolean;
}

/** What of another file of the same log is held against this one. */
export interface Older {
  origin: string;
  first: number;
  last: number;
  hash: string;
}

export class Trust {
  readonly whole: boolean;
  /** Names of the stations whose key was given. */
  stations = new Set<string>();
  keys: Key[] = [];
  heads: Head[] = [];
  /** Places of notes that cannot be read, or that name a known key which did not sign them. */
  damaged: number[] = [];
  /** Notes that no given key signed. */
  unknown = 0;
  /** Names of known stations under which another key signs. */
  otherKey = new Set<string>();
  /** By the log's origin: the row up to which older exports were read from the first row on. */
  readUntil = new Map<string, number>();
  #later: Later[] = [];

  constructor(keys: Key[] = [], notes: (Note | null)[] = [], whole = false) {
    this.whole = whole;
    this.keys = keys.filter((key) => key.kind === NOTE);
    this.stations = new Set(this.keys.map((key) => key.name));
    notes.forEach((note, place) => {
      if (note === null || !this.#take(keys, note)) this.damaged.push(place + 1);
    });
    this.#sort();
  }

  /** Sizes of the heads that a scan has to note the hashes of. */
  get wanted(): Set<number> {
    const later = this.#later.flatMap(({ head }) => (head ? [head.size] : []));
    return new Set([...this.heads.map((head) => head.size), ...later]);
  }

  /** False: the note is damaged. */
  #take(keys: Key[], note: Note): boolean {
    const head = readHead(note.text);
    let byStation = false;
    const seen = new Map<string, number>();
    for (const key of keys) {
      if (key.kind === COSIGNATURE) {
        try {
          const time = note.seenBy(key);
          if (time !== null) seen.set(key.name, time);
        } catch {
          return false;
        }
        continue;
      }
      const signed = note.signedBy(key);
      if (signed === false) return false;
      // a station speaks for its own log and for no other
      byStation ||= signed === true && (head === null || head.origin === key.name);
    }
    const known = new Set(keys.map((key) => `${key.name} ${key.id}`));
    const strangers = note.signatures.filter(({ name, id }) => this.stations.has(name) && !known.has(`${name} ${id}`));
    const counts = byStation || seen.size > 0;
    if (strangers.length > 0) this.#later.push({ note, head, counts });
    if (!counts) {
      if (strangers[0]) this.otherKey.add(strangers[0].name);
      else this.unknown += 1;
      return true;
    }
    if (head === null) return false;
    this.#add({ ...head, byStation, seen, held: false });
    return true;
  }

  #add(head: Head) {
    const { origin, size, hash } = head;
    const known = this.heads.find((it) => it.origin === origin && it.size === size && it.hash === hash);
    if (!known) {
      this.heads.push(head);
      return;
    }
    known.byStation ||= head.byStation;
    known.held ||= head.held;
    head.seen.forEach((time, name) => known.seen.set(name, time));
  }

  #sort() {
    const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    this.heads.sort((a, b) => order(a.origin, b.origin) || a.size - b.size || order(a.hash, b.hash));
  }

  /** An older export that was found intact: its last row must be in the file with the same hash. */
  addOlder({ origin, first, last, hash }: Older) {
    const until = this.readUntil.get(origin) ?? 0;
    if (first <= until + 1 && last > until) this.readUntil.set(origin, last);
    this.#add({ origin, size: last, hash, byStation: false, seen: new Map(), held: true });
    this.#sort();
  }

  /** The same without what was signed of later rows, for a part of the log that ends there. */
  until(row: number): Trust {
    const trust = this.#copy(false);
    trust.heads = trust.heads.filter((head) => head.size <= row);
    trust.#later = this.#later.filter(({ head }) => (head?.size ?? 0) <= row);
    const strangers = trust.#later.filter(({ counts }) => !counts).flatMap(({ note }) => note.signatures);
    trust.otherKey = new Set(strangers.map(({ name }) => name).filter((name) => this.stations.has(name)));
    return trust;
  }

  #copy(whole = this.whole): Trust {
    const trust = new Trust([], [], whole);
    trust.stations = this.stations;
    trust.keys = this.keys;
    trust.unknown = this.unknown;
    trust.#later = this.#later;
    trust.damaged = [...this.damaged];
    trust.readUntil = this.readUntil;
    trust.otherKey = new Set(this.otherKey);
    trust.heads = this.heads.map((head) => ({ ...head, seen: new Map(head.seen) }));
    return trust;
  }

  /** The same with what a file says of its beginning: a head like any other where the station signed it. */
  withRemoval(boundary: Boundary | null, signed: boolean | null): Trust {
    if (boundary === null || signed === false) return this;
    const trust = this.#copy();
    const { origin, last: size, hash } = boundary;
    if (signed) trust.#add({ origin, size, hash, byStation: true, seen: new Map(), held: false });
    else if (this.stations.has(origin)) trust.otherKey.add(origin);
    trust.#sort();
    return trust;
  }

  /** The same when these keys are believed, too, which the log announced. */
  withAnnounced(keys: Key[]): Trust {
    if (keys.length === 0) return this;
    const trust = this.#copy();
    trust.otherKey = new Set();
    this.#later.forEach(({ note, head, counts }) => {
      const said = keys.filter((key) => head?.origin === key.name).map((key) => note.signedBy(key));
      if (said.includes(false)) trust.damaged.push(0);
      else if (said.includes(true) && head) trust.#add({ ...head, byStation: true, seen: new Map(), held: false });
      else if (!counts) {
        const names = note.signatures.map(({ name }) => name).filter((name) => this.stations.has(name));
        names.forEach((name) => trust.otherKey.add(name));
      }
    });
    trust.#sort();
    return trust;
  }
}
