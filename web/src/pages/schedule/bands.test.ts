import { describe, expect, it, vi } from "vitest";

vi.mock("../../lib/times.svelte", () => ({ clock: { zone: "Asia/Ho_Chi_Minh" } }));
const { bandsOf, hoursOf, sessionsOf } = await import("./bands");
type Windows = Parameters<typeof bandsOf>[0];
type Blocks = Parameters<typeof sessionsOf>[1];

const windows = [
  { id: "e", name: "Chiều", days: ["mon", "tue"], start: "17:00", end: "17:30", zones: [] },
  { id: "m", name: "Sáng", days: ["mon"], start: "05:00", end: "05:15", zones: ["z"] },
  { id: "n", name: "Đêm", days: ["sun"], start: "22:00", end: "24:00", zones: [] },
] as unknown as Windows;
const block = (civil: string, zones: string[] = []) => ({ civil, zones }) as unknown as Blocks[number];

describe("windows of a day", () => {
  it("are those of its day of the week, in order", () => {
    expect(bandsOf(windows, "2026-11-30").map((band) => band.name)).toEqual(["Sáng", "Chiều"]);
    expect(bandsOf(windows, "2026-11-29")[0]?.end).toBe("2026-11-30T00:00:00");
  });

  it("hold what begins in them in one of their zones", () => {
    const blocks = [
      block("2026-11-30T05:00:00", ["z"]),
      block("2026-11-30T05:01:00", ["y"]),
      block("2026-11-30T17:00:00"),
      block("2026-11-30T17:30:00"),
    ];
    expect(
      sessionsOf(bandsOf(windows, "2026-11-30"), blocks).map(({ band, blocks }) => [band?.name, blocks.length]),
    ).toEqual([
      ["Sáng", 1],
      ["Chiều", 1],
      [undefined, 2],
    ]);
  });

  it("hold what begins in several of them in the shortest", () => {
    const bands = bandsOf(
      [...windows, { ...windows[0]!, id: "all", name: "Cả ngày", start: "00:00", end: "24:00" }],
      "2026-11-30",
    );
    const blocks = [block("2026-11-30T05:00:00", ["z"]), block("2026-11-30T12:00:00", ["z"])];
    const found = sessionsOf(bands, blocks).map(({ band, blocks }) => [band?.name, blocks.length]);
    expect(Object.fromEntries(found)).toMatchObject({ "Cả ngày": 1, Sáng: 1 });
  });

  it("say which hours are drawn", () => {
    expect(hoursOf(bandsOf(windows, "2026-11-30"), [])).toEqual([4, 19]);
    expect(hoursOf(bandsOf(windows, "2026-11-29"), [])).toEqual([21, 24]);
    expect(hoursOf([], [{ civil: "2026-11-30T00:05:00", seconds: 10 }])).toEqual([0, 2]);
    expect(hoursOf([], [])).toEqual([5, 20]);
  });
});
