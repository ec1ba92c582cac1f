import { describe, expect, it } from "vitest";
import { blank, bodyOf, missingIn, type PhaseAccount, stateOf, verdictOf } from "./draft";

const phase = { name: " Peak ", from: "2026-01-01", to: "2026-03-31", windows: [], count: 2, per: "day" as const };

describe("a campaign's draft", () => {
  it("says what each step still wants", () => {
    const draft = blank({ ...phase });
    expect(missingIn(draft, 1)).toBe("no_name");
    expect(missingIn({ ...draft, name: "A" }, 1)).toBe("no_segments");
    expect(missingIn(draft, 2)).toBeNull();
    expect(missingIn({ ...draft, phases: [{ ...phase, to: "2025-12-31" }] }, 2)).toBe("wrong_dates");
    expect(missingIn({ ...draft, phases: [{ ...phase, count: null }] }, 2)).toBe("no_count");
    expect(missingIn({ ...draft, phases: [] }, 2)).toBe("no_phase");
  });

  it("is sent in whole numbers and without blanks", () => {
    const body = bodyOf({ ...blank({ ...phase }), name: " A ", spacing: null, segments: [{ id: "s", weight: 0 }] });
    expect(body).toMatchObject({
      name: "A",
      min_spacing_minutes: 0,
      segments: [{ id: "s", weight: 1 }],
      phases: [{ name: "Peak", airings: { count: 2, per: "day" } }],
    });
  });
});

describe("how it stands", () => {
  it("runs from its first day to its last", () => {
    expect(["2025-12-31", "2026-01-01", "2026-03-31", "2026-04-01"].map((day) => stateOf([phase], day))).toEqual([
      "planned",
      "running",
      "running",
      "over",
    ]);
  });

  it.each([
    [{ owed: 10, aired: 10 }, "done"],
    [{ owed: 10, aired: 4, planned: 6, owed_so_far: 4 }, "good"],
    [{ owed: 10, aired: 3, planned: 7, owed_so_far: 4 }, "behind"],
    [{ owed: 10, aired: 3, planned: 5, short: 2, still_possible: 12 }, "short_possible"],
    [{ owed: 10, aired: 3, planned: 5, short: 2, still_possible: 8 }, "short_impossible"],
    [{ owed: 10, aired: 8, short: 2, to: "2026-01-31" }, "over_short"],
  ] as [Partial<PhaseAccount>, string][])("%j is %s", (account, verdict) => {
    const empty = { planned: 0, short: 0, owed_so_far: 0, still_possible: 0, to: "2026-03-31" };
    expect(verdictOf({ ...empty, ...account } as PhaseAccount, "2026-02-15")).toBe(verdict);
  });
});
