import { describe, expect, it, vi } from "vitest";

vi.mock("./times.svelte", () => ({ clock: { zone: "Asia/Ho_Chi_Minh" } }));
const { dayFinder, daysOf } = await import("./period");
const { instantOf } = await import("./civil");

// a slow machine is no fault of what is tested
vi.setConfig({ testTimeout: 300_000 });

describe("days", () => {
  it("are found for many instants with few questions", () => {
    let asked = 0;
    const dayOf = (at: number) => {
      asked += 1;
      return new Date(at + 7 * 3_600_000).toISOString().slice(0, 10);
    };
    const find = dayFinder(dayOf, "Asia/Ho_Chi_Minh");
    const start = instantOf("2026-11-30", "Asia/Ho_Chi_Minh");
    for (let minute = 0; minute < 2 * 1440; minute++) {
      expect(find(start + minute * 60_000)).toBe(minute < 1440 ? "2026-11-30" : "2026-12-01");
    }
    expect(asked).toBe(2);
  });
});

describe("a stretch of days", () => {
  it.each([
    ["today", "2026-05-15", "2026-05-16"],
    ["week", "2026-05-09", "2026-05-16"],
    ["month", "2026-05-01", "2026-06-01"],
    ["last_month", "2026-04-01", "2026-05-01"],
    ["quarter", "2026-04-01", "2026-07-01"],
    ["last_quarter", "2026-01-01", "2026-04-01"],
    ["year", "2026-01-01", "2027-01-01"],
  ] as const)("%s is from %s to the day before %s", (stretch, from, to) =>
    expect(daysOf(stretch, "2026-05-15")).toEqual({ from, to }),
  );
});
