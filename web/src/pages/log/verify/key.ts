// Named Ed25519 keys as text: NAME+IDENTIFIER+BASE64 (c2sp.org/signed-note, docs/airing-log.md "Keys").
import { hashes, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { fromBase64, hex, joined, sha256, utf8 } from "./bytes";

hashes.sha512 = sha512;

/** What a key signs: notes (the station's), or heads that it has seen (a collector's). */
export const NOTE = 1;
export const COSIGNATURE = 4;

export const isName = (name: string): boolean => name !== "" && !/[\p{White_Space}\p{Cc}+]/u.test(name);

export class Key {
  readonly text: string;
  readonly name: string;
  readonly kind: number;
  /** First four bytes of a hash, in hexadecimal: how a signature names its key. */
  readonly id: string;
  readonly #public: Uint8Array;

  /** Throws where the text is no key, or a letter of it was lost or changed. */
  constructor(text: string) {
    const parts = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text);
    if (!parts) throw new Error("no key");
    const [, name = "", id = "", coded = ""] = parts;
    const bytes = fromBase64(coded);
    const kind = bytes[0] ?? 0;
    if (!isName(name) || ![NOTE, COSIGNATURE].includes(kind) || bytes.length !== 33) throw new Error("no key");
    if (hex(sha256(joined(utf8(`${name}\n`), bytes)).subarray(0, 4)) !== id) throw new Error("identifier");
    this.text = text;
    this.name = name;
    this.kind = kind;
    this.id = id;
    this.#public = bytes.subarray(1);
  }

  signed(message: Uint8Array, signature: Uint8Array): boolean {
    try {
      return verify(signature, message, this.#public, { zip215: false });
    } catch {
      return false;
    }
  }
}

/** Keys of a text, one a line; `#` begins a remark. Throws where one of them is none. */
export const readKeys = (text: string): Key[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => new Key(line));
