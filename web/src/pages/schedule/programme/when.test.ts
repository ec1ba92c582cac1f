import { describe, expect, it } from "vitest";
import { cronOf, moved, troubleOf, whenOf, type When } from "./when";

const weekly = (days: number[], ...times: string[]): When => ({ kind: "weekly", days, times });
const DAILY = [0, 1, 2, 3, 4, 5, 6];

describe("what people say becomes an expression", () => {
  it.each([
    [weekly(DAILY, "05:00"), "0 0 5 * * *"],
    [weekly([0, 1, 2, 3, 4], "17:00", "05:00"), "0 0 5,17 * * Mon-Fri"],
    [weekly([0, 2], "05:00:30"), "30 0 5 * * Mon,Wed"],
    [weekly([5, 6], "05:00", "05:30", "17:00", "17:30"), "0 0,30 5,17 * * Sat,Sun"],
    [{ kind: "monthly", days: [0, 15, 1], times: ["08:15"] } satisfies When, "0 15 8 1,15,L * *"],
    [{ kind: "cron", expression: " 0  17 * * Fri#2 " } satisfies When, "0 17 * * Fri#2"],
  ])("%j", (when, cron) => expect(cronOf(when)).toBe(cron));

  it("says what is missing, and what no single expression can say", () => {
    expect(troubleOf(weekly([], "05:00"))).toBe("no_days");
    expect(troubleOf(weekly([0]))).toBe("no_times");
    expect(troubleOf(weekly([0], "05:00", "17:30"))).toBe("mixed_times");
    expect(troubleOf({ kind: "dates", at: [""] })).toBe("no_dates");
    expect(cronOf(weekly([0], "05:00", "17:30"))).toBeNull();
  });
});

describe("an expression is read back", () => {
  it.each([
    ["0 5 * * *", weekly(DAILY, "05:00")],
    ["0 0 5,17 * * Mon-Fri", weekly([0, 1, 2, 3, 4], "05:00", "17:00")],
    // Unix counts Sunday as 0 and 7, six fields count it as 1
    ["0 17 * * 1-5", weekly([0, 1, 2, 3, 4], "17:00")],
    ["0 17 * * 0", weekly([6], "17:00")],
    ["0 0 17 ? * 2-6", weekly([0, 1, 2, 3, 4], "17:00")],
    ["0 0 17 * * 1", weekly([6], "17:00")],
    ["0 17 * * Fri-Mon", weekly([0, 4, 5, 6], "17:00")],
    ["0 0 8 1,L * *", { kind: "monthly", days: [1, 0], times: ["08:00"] }],
  ] as [string, When][])("%s", (cron, when) => expect(whenOf(cron)).toEqual(when));

  it.each([
    "*/15 * * * *",
    "30 * * * * *",
    "0 17 13 * Fri",
    "0 17 * * Fri#2",
    "0 17 * 3 *",
    "0 0 17 * * * 2027",
    "@daily",
    "nonsense",
  ])("stays an expression: %s", (cron) => expect(whenOf(cron)).toEqual({ kind: "cron", expression: cron }));
});

describe("a start that is moved", () => {
  it("changes the time on every day", () => {
    expect(moved(weekly(DAILY, "05:00", "17:00"), "2026-11-23T17:00:00", "2026-11-24T17:30:00")).toEqual(
      weekly(DAILY, "05:00", "17:30"),
    );
  });
  it("changes the day where only some are named", () => {
    expect(moved(weekly([0, 2], "05:00"), "2026-11-23T05:00:00", "2026-11-24T05:00:00")).toEqual(
      weekly([1, 2], "05:00"),
    );
  });
  it("changes one date alone", () => {
    const when: When = { kind: "dates", at: ["2026-11-23T05:00", "2026-11-24T05:00"] };
    expect(moved(when, "2026-11-24T05:00:00", "2026-11-24T06:00:00")).toEqual({
      kind: "dates",
      at: ["2026-11-23T05:00", "2026-11-24T06:00:00"],
    });
  });
  it("is refused where it cannot be said", () => {
    expect(moved({ kind: "cron", expression: "*/5 * * * *" }, "2026-11-23T05:00:00", "2026-11-23T05:01:00")).toBeNull();
    expect(moved(weekly([0], "05:00"), "2026-11-23T06:00:00", "2026-11-23T07:00:00")).toBeNull();
  });
});
