import { describe, expect, it } from "vitest";
import type { Start } from "../../lib/planned";
import type { Segment } from "../../lib/segment";
import { orderOf, split } from "./order";

const segment = (id: string, more: Partial<Segment> = {}) =>
  ({
    id,
    class: "normal",
    uploaded_by: "bao",
    uploaded_at: "2026-11-20T08:00:00+07:00",
    approvals: [],
    ...more,
  }) as Segment;
const ids = (segments: Segment[]) => segments.map(({ id }) => id);

describe("what waits for a decision", () => {
  it("is not one's own, nor what one approved, nor what the station said no to", () => {
    const approvals = [{ by: "ly", at: "", note: null }];
    const all = [segment("a"), segment("b", { uploaded_by: "ly" }), segment("c", { approvals }), segment("d")];
    const { mine, others } = split(all, "ly", new Set(["d"]));
    expect(ids(mine)).toEqual(["a"]);
    expect(ids(others)).toEqual(["b", "c", "d"]);
  });

  it("comes in the order in which it is needed", () => {
    const all = [
      segment("late", { uploaded_at: "2026-11-21T08:00:00+07:00" }),
      segment("early"),
      segment("flood", { class: "emergency", uploaded_at: "2026-11-22T08:00:00+07:00" }),
      segment("evening"),
      segment("morning"),
    ];
    const start = (at: number): Start => ({ at, name: "", refused: false });
    const first = new Map<string, Start | undefined>([
      ["evening", start(17)],
      ["morning", start(5)],
      ["early", undefined],
    ]);
    expect(orderOf(all, first)).toEqual(["morning", "evening", "flood", "early", "late"]);
  });
});
