import { describe, expect, it } from "vitest";
import { type Airing, blocksOf, itemsOf, movable, type Refusal, type Slot } from "./blocks";

const DAY = "2026-11-30";
const at = (time: string) => `${DAY}T${time}:00+07:00`;

const slot = (id: string, start: string, seconds = 60, programme = "p"): Slot =>
  ({
    slot: id,
    start: at(start),
    seconds,
    programme,
    campaign: null,
    programme_name: programme,
    title: id,
    zones: [],
    occurrence: at(start),
    attempt: 0,
  }) as unknown as Slot;
const refusal = (id: string, start: string) => slot(id, start) as unknown as Refusal;
const airing = (id: string, start: string, outcome: Airing["outcome"]) =>
  ({
    ...slot(id, start),
    started: at(start),
    planned_start: at(start),
    seconds_aired: 60,
    seconds_planned: 60,
    outcome,
    emergency: null,
  }) as unknown as Airing;

const now = Date.parse(at("12:00"));

describe("what is seen", () => {
  it("is what the log says, where it says something", () => {
    const plan = {
      slots: [slot("a", "05:00"), slot("b", "06:00"), slot("c", "17:00")],
      refusals: [refusal("d", "05:30")],
    };
    const items = itemsOf(plan, [airing("a", "05:00", "partial")], now);
    expect(items.map(({ slot, kind }) => [slot, kind])).toEqual([
      ["a", "lost"],
      ["d", "refused"],
      ["b", "over"],
      ["c", "due"],
    ]);
  });
});

it("stands at its time although it was measured a little early", () => {
  const early = { ...airing("a", "05:00", "aired"), started: `${DAY}T04:59:59.99+07:00` };
  const late = { ...airing("b", "06:00", "aired"), started: `${DAY}T06:00:07+07:00` };
  const items = itemsOf({ slots: [], refusals: [] }, [early, late], now);
  expect(items.map((item) => item.civil.slice(11))).toEqual(["05:00:00", "06:00:07"]);
});

describe("blocks", () => {
  it("are few, however many slots a day has", () => {
    const minutes = Array.from({ length: 1440 }, (_, minute) => {
      const time = `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
      return slot(`s${minute}`, time, 20);
    });
    const items = itemsOf({ slots: minutes, refusals: [] }, [], now);
    const blocks = blocksOf(items, "session");
    expect(blocks.map((block) => [block.kind, block.items.length])).toEqual([
      ["over", 720],
      ["due", 720],
    ]);
    expect(movable(blocks[1]!)).toBeNull();
  });

  it("end where there is a gap, and keep apart what is refused and what another airs", () => {
    const plan = {
      slots: [slot("a", "17:00"), slot("b", "17:02", 60, "q"), slot("c", "17:05"), slot("d", "18:00")],
      refusals: [refusal("e", "17:06")],
    };
    const blocks = blocksOf(itemsOf(plan, [], now), "session");
    expect(blocks.map((block) => block.items.map((item) => item.slot).join())).toEqual(["a,c", "b", "e", "d"]);
    expect(movable(blocks[1]!)?.slot).toBe("b");
    expect(movable(blocks[2]!)).toBeNull();
    expect(blocksOf(itemsOf(plan, [], now), "day")).toHaveLength(3);
  });

  it("say the worst of what is over", () => {
    const airings = [airing("a", "05:00", "aired"), airing("b", "05:02", "failed"), airing("c", "05:04", "aired")];
    const [block] = blocksOf(itemsOf({ slots: [], refusals: [] }, airings, now), "session");
    expect(block).toMatchObject({ kind: "lost", lost: 1 });
    expect(block?.items).toHaveLength(3);
  });
});
