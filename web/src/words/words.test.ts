import { describe, expect, it } from "vitest";
import type { Catalogue, Words } from "./index.svelte";

const modules = import.meta.glob<Record<string, unknown>>(["./*.ts", "!./*.test.ts", "!./index.svelte.ts"], {
  eager: true,
});

const catalogues = Object.entries(modules).flatMap(([file, module]) =>
  Object.values(module)
    .filter((value): value is Catalogue => typeof value === "object" && value !== null && !Array.isArray(value))
    .map((catalogue) => ({ file, catalogue })),
);

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort();

describe("every word of the page", () => {
  it.each(catalogues)("is there in both languages, with the same blanks: $file", ({ catalogue }) => {
    for (const [key, [vi, en]] of Object.entries<Words>(catalogue)) {
      const english = typeof en === "string" ? [en] : [en.one, en.other];
      expect(vi.trim(), key).not.toBe("");
      for (const text of english) {
        expect(text.trim(), key).not.toBe("");
        expect(names(text), key).toEqual(names(vi));
      }
    }
  });

  it("is looked for in more than one file", () => expect(catalogues.length).toBeGreaterThan(3));
});
