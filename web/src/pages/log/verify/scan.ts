// Reads the rows of a file one after the other and notes the first that does not hold. Nothing here reads a network or a disk:
// bytes are handed in as they come, so that a log of any length needs the memory of one row.
import { type Boundary, boundarySigned, looksLikeBoundary, readBoundary, tellsOf } from "./boundary";
import { joined } from "./bytes";
import type { Key } from "./key";
import { announced, holds, NONE_BEFORE, NoRow, readRow, type Row } from "./row";
import type { Trust } from "./trust";

const ORIGIN = "loaxa/";
const LONGEST_LINE = 16 * 1024 * 1024;

/** Why a row does not hold, as a word; `words/log.ts` has the sentences. */
export type Flaw =
  "no_row" | "written_otherwise" | "content" | "first_names_before" | "out_of_order" | "not_continued" | "too_long";

export type End =
  | { kind: "whole" }
  | { kind: "cut_off" }
  | { kind: "no_row"; flaw: Flaw | null }
  | { kind: "broken"; row: number; flaw: Flaw };

class Broken extends Error {
  constructor(
    readonly row: number,
    readonly flaw: Flaw,
  ) {
    super(flaw);
  }
}

export class Scanner {
  readonly keys: Key[];
  readonly announced: Key[] = [];
  readonly found = new Map<number, string>();
  first: number | null = null;
  last = 0;
  head: string | null = null;
  origin: string | null = null;
  /** When the last row that holds was written, as it says. */
  at: string | null = null;
  /** What was removed before the file begins, whether a given key signed it, and which row tells of it. */
  boundary: Boundary | null = null;
  boundarySigned: boolean | null = null;
  toldBy: number | null = null;
  readonly #wanted: Set<number>;
  #strange: { count: number; flaw: Flaw; row: number | null } | null = null;
  #end: End | null = null;
  #rest: Uint8Array[] = [];
  #restLength = 0;

  constructor(trust: Trust) {
    this.keys = trust.keys;
    this.#wanted = trust.wanted;
  }

  /** True: nothing that follows would change what was found. */
  get over(): boolean {
    return this.#end !== null;
  }

  /** Takes the next bytes of the file, cut anywhere. */
  feed(bytes: Uint8Array) {
    let from = 0;
    while (this.#end === null) {
      const end = bytes.indexOf(10, from);
      const part = bytes.subarray(from, end < 0 ? bytes.length : end);
      if (this.#restLength + part.length >= LONGEST_LINE) return this.#stop(new Broken(this.last + 1, "too_long"));
      if (end < 0) {
        if (part.length > 0) this.#rest.push(part.slice());
        this.#restLength += part.length;
        return;
      }
      const line = this.#restLength > 0 ? joined(...this.#rest, part) : part;
      this.#rest = [];
      this.#restLength = 0;
      try {
        this.#push(line);
      } catch (error) {
        this.#stop(error);
      }
      from = end + 1;
    }
  }

  #stop(error: unknown) {
    if (!(error instanceof Broken)) throw error;
    const nothingYet = this.first === null && error.flaw === "too_long";
    this.#end = nothingYet
      ? { kind: "no_row", flaw: error.flaw }
      : { kind: "broken", row: error.row, flaw: error.flaw };
  }

  /** How the file ended. */
  finish(): End {
    if (this.#end) return this.#end;
    const whole = this.#restLength === 0;
    const strange = this.#strange;
    if (this.first === null && strange) {
      return strange.row === null
        ? { kind: "no_row", flaw: strange.flaw }
        : { kind: "broken", row: Math.max(1, strange.row), flaw: strange.flaw };
    }
    if (this.first === null && whole) return { kind: "no_row", flaw: null };
    return { kind: whole ? "whole" : "cut_off" };
  }

  #push(line: Uint8Array) {
    if (this.first === null && this.#strange === null && looksLikeBoundary(line)) {
      const boundary = readBoundary(line);
      if (boundary) return this.#beginAfter(boundary);
    }
    let row: Row;
    try {
      row = readRow(line);
    } catch (error) {
      return this.#odd(null, error instanceof NoRow ? (error.message as Flaw) : "no_row");
    }
    if (!holds(row)) return this.#odd(row.row, "content");
    if (this.#strange) throw new Broken(Math.max(1, row.row - this.#strange.count), this.#strange.flaw);
    if (this.first === null) this.#begin(row);
    else if (row.row !== this.last + 1) throw new Broken(row.row, "out_of_order");
    else if (row.prev !== this.head) throw new Broken(row.row, "not_continued");
    this.announced.push(...announced(row, [...this.keys, ...this.announced]));
    if (this.boundary && this.toldBy === null && tellsOf(this.boundary, row)) this.toldBy = row.row;
    this.at = row.at;
    this.#reach(row.row, row.hash);
  }

  #beginAfter(boundary: Boundary) {
    this.boundary = boundary;
    this.boundarySigned = boundarySigned(boundary, this.keys);
    this.first = boundary.last + 1;
    this.origin = boundary.origin;
    this.found.set(boundary.last, boundary.hash);
    this.#reach(boundary.last, boundary.hash);
  }

  #odd(row: number | null, flaw: Flaw) {
    if (this.first !== null) throw new Broken(this.last + 1, flaw);
    // damage, or a file of something else: the next row that holds will tell
    this.#strange = this.#strange ? { ...this.#strange, count: this.#strange.count + 1 } : { count: 1, flaw, row };
  }

  #begin(row: Row) {
    if (row.row === 1 && row.prev !== NONE_BEFORE) throw new Broken(1, "first_names_before");
    this.first = row.row;
    this.#reach(row.row - 1, row.prev);
    if (row.row !== 1 || row.kind !== "log_begins") return;
    try {
      const { log } = JSON.parse(row.body) as { log?: unknown };
      this.origin = typeof log === "string" ? ORIGIN + log : null;
    } catch {
      this.origin = null;
    }
  }

  #reach(row: number, hash: string) {
    this.last = row;
    this.head = hash;
    if (this.#wanted.has(row)) this.found.set(row, hash);
  }
}
