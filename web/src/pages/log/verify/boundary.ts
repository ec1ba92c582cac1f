// The first line of an export of a log that forgot what was older: a head with one line more, signed by the station.
import { text } from "./bytes";
import type { Key } from "./key";
import { Note, readHead } from "./note";
import { isWritten, type Row } from "./row";

export interface Boundary {
  origin: string;
  /** Rows from here to there were removed. */
  first: number;
  last: number;
  /** Of the last row that was removed. */
  hash: string;
  /** The rule: older than so many days. */
  days: number;
  note: Note;
}

export const looksLikeBoundary = (line: Uint8Array): boolean =>
  String.fromCharCode(...line.subarray(0, 12)) === '{"boundary":';

/** Null where the line is none, written as it is written. */
export function readBoundary(line: Uint8Array): Boundary | null {
  try {
    const written = text(line);
    const members = JSON.parse(written) as { boundary: number; note: string };
    if (Object.keys(members).join() !== "boundary,note" || typeof members.note !== "string") return null;
    const note = new Note(members.note);
    const head = readHead(note.text);
    const lines = note.text.split("\n");
    const said = /^pruned ([1-9]\d*) (0|[1-9]\d*)$/.exec(lines[3] ?? "");
    if (!head || !said || lines.length !== 5) return null;
    const { origin, size: last, hash } = head;
    const [first, days] = [Number(said[1]), Number(said[2])];
    const right =
      first <= last &&
      last === members.boundary &&
      days < 2 ** 32 &&
      note.signatures.every(({ name }) => name === origin) &&
      note.signatures.length === 1 &&
      isWritten(members, written);
    return right ? { origin, first, last, hash, days, note } : null;
  } catch {
    return null;
  }
}

/** Null: it is by none of these keys. False: it names one and is not by it. */
export function boundarySigned(boundary: Boundary, keys: Key[]): boolean | null {
  const said = keys.filter((key) => key.name === boundary.origin).map((key) => boundary.note.signedBy(key));
  return said.includes(false) ? false : said.includes(true) ? true : null;
}

/** Whether this row of the log tells of the removal. */
export function tellsOf(boundary: Boundary, row: Row): boolean {
  if (row.kind !== "pruned") return false;
  try {
    const body = JSON.parse(row.body) as Record<string, unknown>;
    return (
      body.what === "retention" &&
      body.first === boundary.first &&
      body.last === boundary.last &&
      body.keep_days === boundary.days &&
      body.hash === boundary.hash
    );
  } catch {
    return false;
  }
}
