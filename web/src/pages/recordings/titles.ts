// What a file's name suggests as a title.

const LONGEST = 200;

/** `TB_tiem-phong  (2).MP3` becomes `TB tiem-phong`. */
export function titleOf(name: string): string {
  const words = name
    .normalize("NFC")
    .replace(/\.[^.\s]{1,5}$/, "")
    .replace(/[_\p{Cc}]+/gu, " ")
    .replace(/\s*\(\d+\)$/, "")
    .replace(/\s+/g, " ")
    .trim();
  return [...words].slice(0, LONGEST).join("");
}
