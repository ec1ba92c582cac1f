// The page's own words in a test: a job that is done in both languages is written once.
import type { Values, Words } from "../src/words/index.svelte";

export type Language = "vi" | "en";
export type Say = (words: Words, values?: Values) => string;

/** The words of this language; of two forms the plural, for a test says how many. */
export const sayIn =
  (language: Language): Say =>
  ([vi, en], values = {}) => {
    const words = language === "vi" ? vi : en;
    const text = typeof words === "string" ? words : values.count === 1 ? words.one : words.other;
    return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  };
