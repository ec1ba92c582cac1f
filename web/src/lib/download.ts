// Files that the station writes: asked for as the page asks for everything, so that a refusal comes as a sentence.
import { Refusal } from "../api/client";
import type { Problem } from "../api/client";

export const KINDS = {
  csv: "text/csv",
  ndjson: "application/x-ndjson",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
} as const;

export type Kind = keyof typeof KINDS;

/** Without a byte for so long, the line counts as dead. */
const SILENCE = 60_000;

/** The file, or a `Refusal` thrown; 406 where the station does not write this kind. `heard` is told the bytes that came. */
export async function fetchFile(
  path: string,
  accept: string,
  heard: (bytes: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Blob> {
  const cut = new AbortController();
  const stop = () => cut.abort();
  signal?.addEventListener("abort", stop);
  let timer = setTimeout(stop, SILENCE);
  try {
    const answer = await fetch(path, { headers: { accept }, cache: "no-store", signal: cut.signal });
    if (!answer.ok) throw new Refusal(answer.status, await problemOf(answer));
    if (!answer.headers.get("content-type")?.startsWith(accept)) throw new Refusal(406);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    const reader = answer.body!.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (done) return new Blob(parts, { type: accept });
      timer = setTimeout(stop, SILENCE);
      parts.push(value);
      bytes += value.length;
      heard(bytes);
    }
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(0);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

async function problemOf(answer: Response): Promise<Partial<Problem> | undefined> {
  try {
    return (await answer.json()) as Partial<Problem>;
  } catch {
    return undefined;
  }
}

/** Hands a file to the browser, which puts it where downloads go. */
export function keep(file: Blob, name: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
