import { describe, expect, it, vi } from "vitest";

vi.mock("./times.svelte", () => ({ clock: { zone: "Asia/Ho_Chi_Minh" } }));
const { addDays, addMonths, civilOf, daysFrom, instantOf, weekdayOf, weekOf } = await import("./civil");

describe("the calendar", () => {
  it("counts days over the ends of months and years", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addDays("2028-03-01", -1)).toBe("2028-02-29");
    expect(addDays("2026-03-01", -1)).toBe("2026-02-28");
    expect(addMonths("2026-11-30", 2)).toBe("2027-01-01");
    expect(addMonths("2026-01-31", -1)).toBe("2025-12-01");
    expect(daysFrom("2026-02-27", "2026-03-02")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  });

  it("begins the week on Monday", () => {
    expect(weekdayOf("2026-11-22")).toBe(6);
    expect(weekOf("2026-11-22")).toBe("2026-11-16");
    expect(weekOf("2026-11-23")).toBe("2026-11-23");
  });
});

describe("civil time", () => {
  it("is what the station's clock shows", () => {
    expect(civilOf(Date.parse("2026-11-29T22:00:00Z"))).toBe("2026-11-30T05:00:00");
    expect(instantOf("2026-11-30T05:00:00")).toBe(Date.parse("2026-11-29T22:00:00Z"));
    expect(instantOf("2026-11-30")).toBe(Date.parse("2026-11-29T17:00:00Z"));
  });

  it("begins a day when the zone says so", () => {
    expect(instantOf("2026-03-29", "Europe/Berlin")).toBe(Date.parse("2026-03-28T23:00:00Z"));
    expect(instantOf("2026-03-30", "Europe/Berlin")).toBe(Date.parse("2026-03-29T22:00:00Z"));
    // the clocks of Cairo go from 00:00 to 01:00: that day has no midnight
    expect(instantOf("2026-04-24", "Africa/Cairo")).toBe(Date.parse("2026-04-23T22:00:00Z"));
  });

  it("is that of the browser where the browser does not know the zone", () => {
    expect(civilOf(0, "Nowhere/At_All")).toBe(civilOf(0, Intl.DateTimeFormat().resolvedOptions().timeZone));
  });

  it("comes later in a gap, and is the first where it comes twice", () => {
    const zone = "Europe/Berlin";
    expect(instantOf("2026-03-29T02:30:00", zone)).toBe(Date.parse("2026-03-29T01:30:00Z"));
    expect(instantOf("2026-10-25T02:30:00", zone)).toBe(Date.parse("2026-10-25T00:30:00Z"));
  });
});
