// What an auditor brings: files whose kind is seen in them.
import { readKeys } from "./key";
import { type Note, readNotes } from "./note";

export type Brought =
  | { kind: "notes"; count: number; text: string }
  | { kind: "keys"; count: number; text: string }
  | { kind: "export" }
  | { kind: "unknown" };

/** No note and no list of keys is longer. */
const LARGEST = 4_000_000;

export async function kindOf(file: Blob): Promise<Brought> {
  const begin = await file.slice(0, 1).text();
  if (begin === "{") return { kind: "export" };
  if (file.size > LARGEST) return { kind: "unknown" };
  const text = await file.text();
  const notes = readNotes(text).filter((note): note is Note => note !== null);
  if (notes.length > 0) return { kind: "notes", count: notes.length, text };
  try {
    const keys = readKeys(text);
    return keys.length > 0 ? { kind: "keys", count: keys.length, text } : { kind: "unknown" };
  } catch {
    return { kind: "unknown" };
  }
}
