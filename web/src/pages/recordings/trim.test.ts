import { describe, expect, it } from "vitest";
import type { Segment } from "../../lib/segment";
import { asked, keptOf, moved } from "./trim";

describe("the part that stays", () => {
  const whole = { from: 0, to: 10.037 };

  it("is all of it until somebody cuts", () => {
    const segment = { original_duration: 10.037, trim: null } as Segment;
    expect(keptOf(segment)).toEqual(whole);
    expect(keptOf({ ...segment, trim: { start: 2, end: 9.5 } })).toEqual({ from: 2, to: 9.5 });
    expect(asked(whole, 10.037)).toBeNull();
    expect(asked({ from: 0.1 + 0.2, to: 10.037 }, 10.037)).toEqual({ start: 0.3, end: 10.037 });
  });

  it("lies within the recording, and is never less than a second", () => {
    expect(moved(whole, "from", -3, 10.037)).toEqual(whole);
    expect(moved(whole, "to", 99, 10.037)).toEqual(whole);
    expect(moved(whole, "from", 99, 10.037)).toEqual({ from: 9.037, to: 10.037 });
    expect(moved({ from: 4, to: 6 }, "to", 2, 10.037)).toEqual({ from: 1, to: 2 });
    expect(moved({ from: 4, to: 6 }, "from", 8, 10.037)).toEqual({ from: 8, to: 9 });
    expect(moved({ from: 4, to: 6 }, "to", 0, 10.037)).toEqual({ from: 0, to: 1 });
    expect(moved(whole, "from", Number.NaN, 10.037)).toEqual(whole);
  });

  it("ends where the recording ends when the handle is at its end", () =>
    expect(moved({ from: 1, to: 6 }, "to", 10, 10.037)).toEqual({ from: 1, to: 10.037 }));
});
