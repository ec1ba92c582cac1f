import { describe, expect, it } from "vitest";
import { ANY, matches, narrowed, question } from "./filter";

describe("looking for recordings", () => {
  it("asks for the newest, and for no more than was chosen", () => {
    expect(question(ANY, undefined)).toEqual({ order: "newest", limit: 100 });
    expect(question({ ...ANY, text: " tiêm ", state: "approved", class: "priority" }, "c")).toEqual({
      order: "newest",
      limit: 100,
      state: "approved",
      class: "priority",
      q: "tiêm",
      cursor: "c",
    });
  });

  it("by language, in what is answered", () => {
    expect(matches({ language: "vi" }, ANY)).toBe(true);
    expect(matches({ language: "vi" }, { ...ANY, language: "hmn" })).toBe(false);
  });

  it("knows whether anything is left out", () => {
    expect(narrowed({ ...ANY, text: "  " })).toBe(false);
    expect(narrowed({ ...ANY, language: "vi" })).toBe(true);
  });
});
