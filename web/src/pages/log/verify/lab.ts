// A log of the tests' own, with keys that everybody knows; the same as evidence/tests/lab.
import { getPublicKey, sign } from "@noble/ed25519";
import { fromBase64, hex, joined, sha256, utf8 } from "./bytes";
import { COSIGNATURE, Key, NOTE } from "./key";
import { readNotes } from "./note";
import { FORMAT, NONE_BEFORE, type Row, seal } from "./row";
import { Scanner } from "./scan";
import { judge, type Report } from "./judge";
import { Trust } from "./trust";

export const LOG = "00112233445566778899aabbccddeeff";
export const SEEN = 1_796_000_000;

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

export interface Signer {
  secret: Uint8Array;
  key: Key;
}

export function signer(name: string, kind: number, seed: number): Signer {
  const secret = new Uint8Array(32).fill(seed);
  const bytes = joined(new Uint8Array([kind]), getPublicKey(secret));
  const id = hex(sha256(joined(utf8(`${name}\n`), bytes)).subarray(0, 4));
  return { secret, key: new Key(`${name}+${id}+${base64(bytes)}`) };
}

export const station = signer(`loaxa/${LOG}`, NOTE, 1);
export const collector = signer("huyen.example/loaxa", COSIGNATURE, 2);

export function sealed(row: number, at: string, kind: string, body: string, prev: string): Row {
  return { row, at, kind, body, prev, hash: seal(row, at, kind, prev, body) };
}

export function log(rows: number): Row[] {
  const made: Row[] = [];
  const two = (value: number) => String(value).padStart(2, "0");
  const boot = `"boot":"6f1c3d6e-2c5b-4a43-9a0d-5f7f6f6f1a11"`;
  for (let row = 1; row <= rows; row++) {
    const at = `2026-11-30T${two(10 + Math.floor(row / 3600))}:${two(Math.floor(row / 60) % 60)}:${two(row % 60)}Z`;
    const begins: [string, string] = ["log_begins", `{"format":"${FORMAT}","log":"${LOG}"}`];
    const kinds: [string, string][] = [
      ["approval", `{${boot},"by":"Bà Lò\\tThị\\\\Nga","n":${row}}`],
      ["due", `{${boot},"clock":"rtc_agrees","slot":"p/${row}","title":"Tin \\"sáng\\" thôn ${row}"}`],
      ["started", `{${boot},"clock":"rtc_agrees","slot":"p/${row}"}`],
      ["ended", `{${boot},"clock":"rtc_agrees","outcome":"aired","played_ms":${row}000,"why":null}`],
    ];
    const [kind, body] = row === 1 ? begins : kinds[row % 4]!;
    made.push(sealed(row, at, kind, body, made.at(-1)?.hash ?? NONE_BEFORE));
  }
  return made;
}

export const written = (rows: Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** The same rows with one of them changed, and every later one sealed again: what somebody with the board can do. */
export function resealed(rows: Row[], place: number, change: (row: Row) => Partial<Row>): Row[] {
  const made = rows.slice(0, place);
  for (const row of rows.slice(place)) {
    const next = made.length === place ? { ...row, ...change(row) } : row;
    made.push(sealed(made.length + 1, next.at, next.kind, next.body, made.at(-1)?.hash ?? NONE_BEFORE));
  }
  return made;
}

const bytesOf = (hash: string): Uint8Array => Uint8Array.from(hash.match(/../g)!, (byte) => parseInt(byte, 16));

export function headText(rows: Row[], more = "", origin = `loaxa/${LOG}`): string {
  const last = rows.at(-1)!;
  return `${origin}\n${last.row}\n${base64(bytesOf(last.hash))}\n${more}`;
}

function line({ key }: Signer, signature: Uint8Array): string {
  return `\u2014 ${key.name} ${base64(joined(bytesOf(key.id), signature))}\n`;
}

export const signedLine = (text: string, by: Signer): string => line(by, sign(utf8(text), by.secret));

export function cosignedLine(text: string, by: Signer, time: number): string {
  const clock = new Uint8Array(8);
  new DataView(clock.buffer).setBigUint64(0, BigInt(time));
  return line(by, joined(clock, sign(utf8(`cosignature/v1\ntime ${time}\n${text}`), by.secret)));
}

/** The head of these rows, signed. */
export const head = (rows: Row[], by: Signer = station): string =>
  `${headText(rows)}\n${signedLine(headText(rows), by)}`;

/** The same, countersigned. */
export const witnessed = (rows: Row[], by: Signer = station): string =>
  head(rows, by) + cosignedLine(headText(rows), collector, SEEN);

/** A log in which `from` gave way to `to` in the row after so many. */
export function rotated(rows: number, before: number, from: Signer, to: Signer): Row[] {
  const made = log(before);
  const note = rotation(made, from, to);
  const body = JSON.stringify({ before: from.key.text, key: to.key.text, note, what: "rotated" });
  made.push(sealed(before + 1, "2026-11-30T12:00:00Z", "key", body, made.at(-1)!.hash));
  for (const row of log(rows).slice(before + 1)) {
    made.push(sealed(row.row, row.at, row.kind, row.body, made.at(-1)!.hash));
  }
  return made;
}

/** What the station signs when the rule of retention removes these rows, as the first line of an export. */
export function boundaryLine(gone: Row[], by: Signer = station, first = 1, days = 400): string {
  const text = headText(gone, `pruned ${first} ${days}\n`);
  return JSON.stringify({ boundary: gone.at(-1)!.row, note: `${text}\n${signedLine(text, by)}` });
}

/** The same log with the row of this number telling of the removal; `keys` are what removed rows announced. */
export function telling(rows: Row[], told: number, gone: Row[], first = 1, keys: string[] = []): Row[] {
  const { row: last, hash } = gone.at(-1)!;
  const count = last - first + 1;
  const said = { count, first, hash, keep_days: 400, keys, last, seq: 5, until: rows[last - 1]!.at, what: "retention" };
  return resealed(rows, told - 1, () => ({ kind: "pruned", body: JSON.stringify(said) }));
}

/** What a key signs that gives way to another after these rows. */
export function rotation(rows: Row[], from: Signer, to: Signer): string {
  const text = headText(rows, `key ${to.key.text}\n`);
  return `${text}\n${signedLine(text, from)}${signedLine(text, to)}`;
}

/** A line of a head with a letter of its signature changed. */
export function lying(note: string): string {
  const at = note.lastIndexOf(" ") + 20;
  const letter = note[at] === "A" ? "B" : "A";
  const changed = note.slice(0, at) + letter + note.slice(at + 1);
  fromBase64(changed.slice(changed.lastIndexOf(" ") + 1, -1));
  return changed;
}

export interface Case {
  what: string;
  file: string;
  keys: Signer[];
  notes?: string;
  whole?: boolean;
  /** Exports that the auditor kept, the oldest first. */
  older?: string[];
}

export function verdictOn({ file, keys, notes = "", whole = false, older = [] }: Case, chunk = Infinity): Report {
  const trust = new Trust(
    keys.map(({ key }) => key),
    readNotes(notes),
    whole,
  );
  for (const kept of older) {
    const scanner = new Scanner(trust);
    scanner.feed(utf8(kept));
    const { verdict, origin, first, last, head: hash } = judge(scanner, scanner.finish(), trust.until(scanner.last));
    if (verdict !== "intact") throw new Error(`the older export is ${verdict}`);
    trust.addOlder({ origin: origin!, first: first!, last: last!, hash: hash! });
  }
  return judgeBytes(utf8(file), trust, chunk);
}

export function judgeBytes(bytes: Uint8Array, trust: Trust, chunk = Infinity): Report {
  const scanner = new Scanner(trust);
  for (let at = 0; at < bytes.length; at += chunk) scanner.feed(bytes.subarray(at, at + chunk));
  return judge(scanner, scanner.finish(), trust);
}
