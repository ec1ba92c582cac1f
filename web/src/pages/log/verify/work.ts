// One verification from its beginning to its end, in a worker so that the page stays alive.
import type { Report } from "./judge";
import { judge } from "./judge";
import { readKeys } from "./key";
import { readNotes } from "./note";
import { Scanner } from "./scan";
import { Trust } from "./trust";

export interface Work {
  /** Null: the station's own log. */
  file: File | null;
  /** Keys, one a line. */
  keys: string;
  /** Notes one after the other. */
  notes: string;
  /** Older exports, the oldest first. */
  older: File[];
}

export type Said =
  | { kind: "progress"; rows: number; bytes: number; total: number | null }
  | { kind: "report"; report: Report; head: string | null }
  | { kind: "older_bad"; name: string }
  /** 0: the line broke. */
  | { kind: "failed"; status: number };

export const CHAIN = "/api/v1/airings/chain";
const CHECKPOINT = "/api/v1/airings/checkpoint";
/** Without a byte for so long, the line counts as dead. */
const SILENCE = 60_000;
const TELL_EACH = 1 << 18;

class Refused extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
  }
}

export async function work({ file, keys, notes, older }: Work, say: (said: Said) => void): Promise<void> {
  try {
    // the head first: the rows that are read after it reach at least as far
    const head = file === null ? await freshHead() : null;
    const trust = new Trust(readKeys(keys), readNotes(`${head ?? ""}\n${notes}`), file === null);
    for (const export_ of older) {
      const report = await read(export_.stream(), export_.size, trust, true, () => {});
      const { verdict, origin, first, last, head: hash } = report;
      if (verdict !== "intact" || origin === null || first === null || last === null || hash === null) {
        return say({ kind: "older_bad", name: export_.name });
      }
      trust.addOlder({ origin, first, last, hash });
    }
    const { body, size } = file === null ? await chain() : { body: file.stream(), size: file.size };
    say({ kind: "report", report: await read(body, size, trust, false, say), head });
  } catch (error) {
    say({ kind: "failed", status: error instanceof Refused ? error.status : 0 });
  }
}

/** The station's head as it is now; null where it cannot sign. */
async function freshHead(): Promise<string | null> {
  const answer = await fetch(CHECKPOINT, { headers: { accept: "text/plain" }, cache: "no-store" });
  if (answer.status === 503) return null;
  if (!answer.ok) throw new Refused(answer.status);
  return await answer.text();
}

async function chain(): Promise<{ body: ReadableStream<Uint8Array>; size: number | null }> {
  const answer = await fetch(CHAIN, { headers: { accept: "application/x-ndjson" }, cache: "no-store" });
  if (!answer.ok || !answer.body) throw new Refused(answer.status);
  const size = Number(answer.headers.get("content-length"));
  return { body: answer.body, size: size > 0 ? size : null };
}

async function read(
  body: ReadableStream<Uint8Array>,
  total: number | null,
  trust: Trust,
  isOlder: boolean,
  say: (said: Said) => void,
): Promise<Report> {
  const scanner = new Scanner(trust);
  const reader = body.getReader();
  let [bytes, told] = [0, 0];
  while (!scanner.over) {
    const { done, value } = await soon(reader.read());
    if (done) break;
    scanner.feed(value);
    bytes += value.length;
    if (bytes - told < TELL_EACH) continue;
    told = bytes;
    say({ kind: "progress", rows: scanner.last, bytes, total });
  }
  void reader.cancel();
  // what was signed later does not make an older export shorter
  return judge(scanner, scanner.finish(), isOlder ? trust.until(scanner.last) : trust);
}

function soon<T>(promise: Promise<T>): Promise<T> {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Refused(0)), SILENCE);
    promise.then(done, failed).finally(() => clearTimeout(timer));
  });
}
