import { describe, expect, it } from "vitest";
import type { Segment } from "../../lib/segment";
import { fits, ofOriginal } from "./trim";

describe("the part that stays", () => {
  const segment = { duration: 10, trimmed: { start: 1.5, end: 0 } } as Segment;

  it("is counted from the beginning of the original", () => {
    expect(ofOriginal(segment, { from: 0.5, to: 8 })).toEqual({ start: 2, end: 9.5 });
    const again = { ...segment, trim: { start: 2, end: 12 } } as Segment;
    expect(ofOriginal(again, { from: 1, to: 99 })).toEqual({ start: 4.5, end: 13.5 });
  });

  it("lies within the sound", () => {
    expect(fits({ from: -1, to: 99 }, 10)).toEqual({ from: 0, to: 10 });
    expect(fits({ from: 8, to: 3 }, 10)).toEqual({ from: 3, to: 8 });
  });
});
