// Words of the page: every one stands in this folder, Vietnamese first. `t` picks the reader's language and fills {names} in.

export type Language = "vi" | "en";

/** A word that changes with a number: the number is the value `count`. Vietnamese has one form. */
export interface Plural {
  one: string;
  other: string;
}

export type Words = readonly [vi: string, en: string | Plural];
export type Catalogue = Record<string, Words>;
export type Values = Record<string, string | number>;

/** A sentence that the station says in both languages. */
export interface Both {
  vi?: string | null | undefined;
  en?: string | null | undefined;
}

const LOCALES = { vi: "vi-VN", en: "en-GB" } as const;

function remembered(): Language {
  try {
    return localStorage.getItem("loaxa.language") === "en" ? "en" : "vi";
  } catch {
    return "vi";
  }
}

class Tongue {
  language = $state<Language>(remembered());

  get locale(): string {
    return LOCALES[this.language];
  }

  speak(language: Language) {
    this.language = language;
    document.documentElement.lang = language;
    try {
      localStorage.setItem("loaxa.language", language);
    } catch {
      // a page without storage forgets, no more
    }
  }
}

export const tongue = new Tongue();

export function fill(words: Words, language: Language, values: Values = {}): string {
  const [vi, en] = words;
  let text = language === "vi" ? vi : en;
  if (typeof text !== "string") {
    const form = new Intl.PluralRules(LOCALES[language]).select(Number(values.count ?? 0));
    text = form === "one" ? text.one : text.other;
  }
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? "";
    return typeof value === "number" ? number(value, language) : value;
  });
}

/** A word in the reader's language. */
export function t(words: Words, values?: Values): string {
  return fill(words, tongue.language, values);
}

/** Picks the sentence of an object that has one in each language. */
export function say(both: Both | null | undefined): string {
  return (tongue.language === "vi" ? both?.vi || both?.en : both?.en || both?.vi) ?? "";
}

/** The sentence of a row of the API: `reason` is English, `reason_vi` Vietnamese. */
export function reasonOf(row: { reason?: string | null; reason_vi?: string | null }): string {
  return say({ vi: row.reason_vi, en: row.reason });
}

export function number(value: number, language: Language = tongue.language, digits = 1): string {
  return value.toLocaleString(LOCALES[language], { maximumFractionDigits: digits });
}

/** With one digit after the point, also where it is nothing: numbers that stand beside each other. */
export const tenths = (value: number): string =>
  value.toLocaleString(LOCALES[tongue.language], { minimumFractionDigits: 1, maximumFractionDigits: 1 });
