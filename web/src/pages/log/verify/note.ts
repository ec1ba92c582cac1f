// Signed notes and the heads in them (c2sp.org/signed-note, docs/airing-log.md "Signed heads").
import { fromBase64, hex, utf8 } from "./bytes";
import { isName, type Key } from "./key";

const DASH = "\u2014 ";
const LONGEST_SIGNATURE = 8192;
const MOST_SIGNATURES = 64;

interface Signature {
  name: string;
  id: string;
  bytes: Uint8Array;
}

/** A text, an empty line, and lines of signatures. */
export class Note {
  readonly text: string;
  readonly signatures: Signature[];

  /** Throws where the whole is no note. */
  constructor(whole: string) {
    const middle = whole.lastIndexOf("\n\n");
    const body = whole.slice(0, Math.max(middle, 0));
    const lines = whole.slice(middle + 2);
    this.text = `${body}\n`;
    // eslint-disable-next-line no-control-regex
    if (middle < 0 || !body || /[\0-\x09\x0b-\x1f]/.test(this.text) || !lines.endsWith("\n"))
      throw new Error("no note");
    this.signatures = lines.slice(0, -1).split("\n").map(readSignature);
    if (this.signatures.length > MOST_SIGNATURES) throw new Error("too many signatures");
  }

  by(key: Key): Uint8Array[] {
    return this.signatures.filter(({ name, id }) => name === key.name && id === key.id).map(({ bytes }) => bytes);
  }

  /** Null: no line says so. False: one says so and lies. */
  signedBy(key: Key): boolean | null {
    const lines = this.by(key);
    if (lines.length === 0) return null;
    return lines.every((bytes) => bytes.length === 64 && key.signed(utf8(this.text), bytes));
  }

  /** When it was countersigned first, in seconds since 1970; null where no line says so. Throws where one lies. */
  seenBy(key: Key): number | null {
    const times = this.by(key).map((bytes) => {
      if (bytes.length !== 72) throw new Error("lies");
      const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
      const message = utf8(`cosignature/v1\ntime ${time}\n${this.text}`);
      if (time >= 2n ** 63n || !key.signed(message, bytes.subarray(8))) throw new Error("lies");
      return Number(time);
    });
    return times.length > 0 ? Math.min(...times) : null;
  }
}

function readSignature(line: string): Signature {
  const space = line.indexOf(" ", DASH.length);
  if (!line.startsWith(DASH) || space < 0) throw new Error("no signature");
  const [name, coded] = [line.slice(DASH.length, space), line.slice(space + 1)];
  const data = fromBase64(coded);
  if (!isName(name) || data.length < 5 || coded.length > LONGEST_SIGNATURE) throw new Error("no signature");
  return { name, id: hex(data.subarray(0, 4)), bytes: data.subarray(4) };
}

/** So many rows long was the log of this origin, and this was the hash of its last row. */
export interface HeadText {
  origin: string;
  size: number;
  hash: string;
}

/** Null of what is no head. */
export function readHead(text: string): HeadText | null {
  const lines = text.split("\n").slice(0, -1);
  const [origin, size, coded] = lines;
  if (!origin || !size || !coded || lines.includes("")) return null;
  // beyond what a number holds exactly no log has rows
  if (!/^(0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(Number(size))) return null;
  try {
    const hash = fromBase64(coded);
    return hash.length === 32 ? { origin, size: Number(size), hash: hex(hash) } : null;
  } catch {
    return null;
  }
}

/** Notes one after the other, with or without empty lines between them; null is one that cannot be read. */
export function readNotes(text: string): (Note | null)[] {
  const notes: (Note | null)[] = [];
  let current = "";
  let signed = false;
  const close = () => {
    try {
      notes.push(new Note(current));
    } catch {
      notes.push(null);
    }
    current = "";
    signed = false;
  };
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    if (signed && !line.startsWith(DASH)) close();
    if (!current && line === "\n") continue;
    current += line;
    signed ||= line.startsWith(DASH);
  }
  if (current) close();
  return notes;
}
