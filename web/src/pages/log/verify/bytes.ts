// Bytes as the log writes them. Hashes by @noble/hashes: WebCrypto is missing where the page comes over plain HTTP.
import { sha256 as hashOf } from "@noble/hashes/sha2.js";

const toUtf8 = new TextEncoder();
// a mark at the beginning of a file is a byte like any other: it must not vanish
const fromUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Uint8Array => toUtf8.encode(text);

/** Throws where the bytes are no UTF-8. */
export const text = (bytes: Uint8Array): string => fromUtf8.decode(bytes);

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hex(bytes: Uint8Array): string {
  let written = "";
  for (const byte of bytes) written += DIGITS[byte];
  return written;
}

export const sha256 = (bytes: Uint8Array): Uint8Array => hashOf(bytes);

/** Standard base64 with padding, written in the one way that there is; throws otherwise. */
export function fromBase64(coded: string): Uint8Array {
  const letters = atob(coded);
  if (btoa(letters) !== coded) throw new Error("no base64");
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
