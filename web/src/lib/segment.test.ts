import { describe, expect, it } from "vitest";
import { daysLeft, facts, type Segment, validity } from "./segment";

const segment = {
  gain_db: 0.2,
  limited_db: 0,
  trimmed: { start: 0, end: 0 },
  warnings: [],
} as unknown as Segment;
const said = (more: Partial<Segment>) => facts({ ...segment, ...more }).map(({ kind, text }) => `${kind}: ${text}`);

describe("what is said of a sound", () => {
  it("is that nothing is wrong where nothing is", () =>
    expect(said({})).toEqual([
      "good: Độ to vừa phải, không phải chỉnh.",
      "good: Đài không thấy lỗi nào trong bản ghi.",
    ]));

  it("is what was done to it", () =>
    expect(said({ gain_db: 9.2, limited_db: 4, trimmed: { start: 2.5, end: 0.1 } })).toEqual([
      "plain: Quá nhỏ: đã tăng 9 dB cho bằng các bản ghi khác.",
      "plain: Những chỗ bật tiếng mạnh đã được giảm tới 4 dB để loa không bị rè.",
      "plain: Đã cắt 2,5 giây im lặng ở đầu.",
      "good: Đài không thấy lỗi nào trong bản ghi.",
    ]));

  it("begins with the station's own warnings and does not say it twice", () => {
    const warnings = [{ code: "too_quiet", vi: "Bản ghi rất nhỏ.", en: "Very quiet." }];
    expect(said({ gain_db: 12, warnings })).toEqual(["warn: Bản ghi rất nhỏ."]);
  });

  it("is nothing before it was inspected", () => expect(said({ warnings: null })).toEqual([]));
});

describe("how long it may air", () => {
  const now = Date.parse("2026-11-30T12:00:00Z");
  it.each([
    [null, null],
    ["2026-11-30", 0],
    ["2026-12-02", 2],
    ["2026-11-29", -1],
  ])("until %s", (valid_until, left) => expect(daysLeft({ valid_until }, now)).toBe(left));

  it("is one sentence", () => {
    const say = (valid_from: string | null, valid_until: string | null) => validity({ valid_from, valid_until });
    expect(say(null, null)).toBe("Không giới hạn ngày phát");
    expect(say("2026-11-02", "2026-12-31")).toBe("Được phát từ 02/11/2026 đến hết 31/12/2026");
    expect(say(null, "2026-12-31")).toBe("Được phát đến hết 31/12/2026");
  });
});
