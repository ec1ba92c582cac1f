// A row of the chain, as a line of an export and as what is hashed (docs/airing-log.md "What is hashed", "Exports").
import { hex, sha256, text, utf8 } from "./bytes";
import type { Key } from "./key";
import { NOTE, Key as KeyOf } from "./key";
import { type HeadText, Note, readHead } from "./note";

export const FORMAT = "loaxa-airing-log/1";
export const NONE_BEFORE = "0".repeat(64);

export interface Row {
  row: number;
  at: string;
  kind: string;
  body: string;
  prev: string;
  hash: string;
}

const MEMBERS = ["row", "at", "kind", "body", "prev", "hash"];

export const isHash = (value: string): boolean => /^[0-9a-f]{64}$/.test(value);

/** Why a line is no row, as a word. */
export class NoRow extends Error {}

/** JSON as the log writes it: a letter that UTF-8 cannot hold is in no text. */
export const isWritten = (value: object, line: string): boolean =>
  JSON.stringify(value) === line && !/\\ud[89a-f]/i.test(line.replaceAll("\\\\", ""));

/** The members of a line that is written as an export writes it; `NoRow` otherwise. */
export function readRow(line: Uint8Array): Row {
  let written: string;
  let row: Row;
  try {
    written = text(line);
    row = JSON.parse(written) as Row;
  } catch {
    throw new NoRow("no_row");
  }
  if (typeof row !== "object" || row === null || Object.keys(row).join() !== MEMBERS.join()) throw new NoRow("no_row");
  const texts = [row.at, row.kind, row.body, row.prev, row.hash];
  if (!Number.isSafeInteger(row.row) || texts.some((value) => typeof value !== "string")) throw new NoRow("no_row");
  if (!isWritten(row, written)) throw new NoRow("written_otherwise");
  return row;
}

export const seal = (row: number, at: string, kind: string, prev: string, body: string): string =>
  hex(sha256(utf8(`${FORMAT}\n${row}\n${at}\n${kind}\n${prev}\n${body}`)));

/** Whether the content of a row is what its hash says. */
export const holds = ({ row, at, kind, body, prev, hash }: Row): boolean =>
  row >= 1 && isHash(prev) && isHash(hash) && seal(row, at, kind, prev, body) === hash;

/** The keys that a row announces, each signed by a known one of the same name and by itself ("Another key"). */
export function announced(row: Row, known: Key[]): Key[] {
  if (row.kind !== "key" && row.kind !== "pruned") return [];
  try {
    const body = JSON.parse(row.body) as { what?: unknown; note?: unknown; key?: unknown; keys?: unknown };
    if (row.kind === "key" && body.what === "rotated") {
      const { head, key } = byNote(body.note, known);
      return head.size === row.row - 1 && head.hash === row.prev && key.text === body.key ? [key] : [];
    }
    if (row.kind === "pruned" && Array.isArray(body.keys)) return ofRemovedRows(row, body.keys, known);
  } catch {
    // a row that announces nothing that can be believed is a row like any other
  }
  return [];
}

/** Those whose own rows the rule of retention removed. */
function ofRemovedRows(row: Row, notes: unknown[], known: Key[]): Key[] {
  const keys: Key[] = [];
  for (const note of notes) {
    try {
      const { head, key } = byNote(note, [...known, ...keys]);
      if (head.size < row.row) keys.push(key);
    } catch {
      continue;
    }
  }
  return keys;
}

/** The key that a note announces, and the head that it names; throws where it is not signed as it must be. */
function byNote(whole: unknown, known: Key[]): { head: HeadText; key: Key } {
  const note = new Note(String(whole));
  const head = readHead(note.text);
  const lines = note.text.split("\n");
  const line = lines[3] ?? "";
  if (!head || lines.length !== 5 || !line.startsWith("key ")) throw new Error("no such note");
  const key = new KeyOf(line.slice("key ".length));
  const right = key.kind === NOTE && key.name === head.origin && note.signedBy(key) === true;
  if (!right || !known.some((old) => old.name === head.origin && note.signedBy(old) === true)) {
    throw new Error("not signed");
  }
  return { head, key };
}
