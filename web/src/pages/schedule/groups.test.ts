import { describe, expect, it } from "vitest";
import type { Block, Kind } from "./blocks";
import { EDGE, groupsOf, HEADING, LINE, linesBelow } from "./groups";

const WEEK = { seconds: 900, pixels: 26 };
const DAY = "2026-11-30";

function block(name: string, time: string, minutes = 1, kind: Kind = "due", day = DAY): Block {
  const civil = `${day}T${time}:00`;
  const from = Date.parse(`${civil}+07:00`);
  const until = from + minutes * 60_000;
  return { key: name, owner: name, name, kind, from, until, civil, zones: [], items: [], lost: 0 };
}
const names = (blocks: Block[]) => blocks.map(({ name }) => name).join();
const said = (blocks: Block[]) => groupsOf(blocks, WEEK).map((group) => names(group.blocks));
const linesOf = (blocks: Block[]) =>
  groupsOf(blocks, WEEK)[0]!.lines.map((line) => {
    if ("from" in line) return `${line.from}-${line.to}`;
    return "more" in line ? `+${line.more.length} ${line.kind}` : line.block.name;
  });
const pixels = (seconds: number) => (seconds / WEEK.seconds) * WEEK.pixels;
const many = (count: number, time: string, kind?: Kind) =>
  Array.from({ length: count }, (_, index) => block(`m${index}`, time, 1, kind));

describe("what stands together", () => {
  it("is what would overlap as it is drawn, of one day", () => {
    expect(said([block("a", "05:00"), block("b", "05:00"), block("c", "11:15"), block("d", "17:00")])).toEqual([
      "a,b",
      "c",
      "d",
    ]);
    // a quarter of an hour is the least that is drawn
    expect(said([block("a", "05:00"), block("b", "05:14")])).toEqual(["a,b"]);
    expect(said([block("a", "05:00"), block("b", "05:15")])).toEqual(["a", "b"]);
    expect(said([block("a", "05:00", 30), block("b", "05:29")])).toEqual(["a,b"]);
    expect(said([block("a", "23:58"), block("b", "00:01", 1, "due", "2026-12-01")])).toEqual(["a", "b"]);
  });

  it("is also what the lines of a group would cover", () => {
    // three names and their time take 84 pixels, 48 minutes
    const three = [block("a", "05:00"), block("b", "05:00"), block("c", "05:00")];
    expect(said([...three, block("d", "05:47")])).toEqual(["a,b,c,d"]);
    expect(said([...three, block("d", "05:50")])).toEqual(["a,b,c", "d"]);
  });

  it("never overlaps, however much there is", () => {
    const blocks = Array.from({ length: 400 }, (_, index) => {
      const minute = (index * index * 7) % 1440;
      const two = (value: number) => String(value).padStart(2, "0");
      return block(`${index}`, `${two(Math.floor(minute / 60))}:${two(minute % 60)}`, (index * 13) % 50);
    })
      .filter((_, index) => index % 9 === 0)
      .sort((a, b) => a.from - b.from);
    const groups = groupsOf(blocks, WEEK);
    expect(names(groups.flatMap((group) => group.blocks))).toBe(names(blocks));
    const spans = groups.map(({ civil, seconds }) => {
      const from = Date.parse(`${civil}Z`) / 1000;
      return [from, from + seconds] as const;
    });
    spans.forEach(([from, to], index) => {
      expect(to).toBeGreaterThan(from);
      expect(to).toBeLessThanOrEqual(spans[index + 1]?.[0] ?? Date.parse("2026-12-01T00:00:00Z") / 1000);
    });
    // and every line has its place, below the one before it and inside
    for (const { lines, seconds, blocks: of } of groups) {
      let bottom = EDGE;
      for (const line of lines) {
        expect(line.top).toBeGreaterThanOrEqual(bottom);
        bottom = line.top + ("from" in line ? HEADING : LINE);
      }
      expect(bottom).toBeLessThanOrEqual(pixels(seconds) + 1);
      const told = lines.reduce((sum, line) => sum + ("block" in line ? 1 : "more" in line ? line.more.length : 0), 0);
      expect(told).toBe(of.length > 1 ? of.length : 0);
    }
  });
});

describe("a group", () => {
  it("lists names under the time at which they begin", () => {
    expect(linesOf([block("a", "05:00"), block("b", "05:04"), block("c", "05:12")])).toEqual([
      "05:00-05:04",
      "a",
      "b",
      "05:12-05:12",
      "c",
    ]);
  });

  it("has what begins later at its own place", () => {
    const [group] = groupsOf([block("all day", "05:00", 600), block("late", "10:00")], WEEK);
    const heading = group!.lines.find((line) => "from" in line && line.from === "10:00");
    expect(heading!.top).toBeCloseTo(EDGE + pixels(5 * 3600), 6);
    expect(group!.seconds).toBe(600 * 60);
  });

  it("counts what has no room, and says the worst of it", () => {
    expect(linesOf(many(10, "05:00"))).toHaveLength(11);
    const lines = linesOf([...many(13, "05:00"), block("bad", "05:00", 1, "refused"), block("last", "05:01")]);
    expect(lines[0]).toBe("05:00-05:01");
    const shown = lines.slice(1, -1);
    expect(shown).toEqual(shown.map((_, index) => `m${index}`));
    expect(lines.at(-1)).toBe(`+${15 - shown.length} refused`);
    // before midnight there is less room still
    expect(linesOf(many(6, "23:30"))).toEqual(["23:30-23:30", "+6 due"]);
  });

  it("is as bad as the worst of it", () => {
    const kindOf = (...kinds: Kind[]) =>
      groupsOf(
        kinds.map((kind, index) => block(`${index}`, "05:00", 1, kind)),
        WEEK,
      )[0]!.kind;
    expect(kindOf("due", "due")).toBe("due");
    expect(kindOf("due", "refused", "due")).toBe("refused");
    expect(kindOf("aired", "lost", "refused")).toBe("lost");
  });
});

describe("a block by itself", () => {
  it("says its time and its name where nothing follows soon", () => {
    const [first, second, third] = groupsOf([block("a", "05:00"), block("b", "05:15"), block("c", "17:00", 60)], WEEK);
    expect([first!.seconds, linesBelow(first!, WEEK)]).toEqual([900, 0]);
    expect(linesBelow(second!, WEEK)).toBe(1);
    expect(third!.seconds).toBe(3600);
    expect(linesBelow(third!, WEEK)).toBeGreaterThan(3);
    expect([first, second, third].flatMap((group) => group!.lines)).toEqual([]);
  });
});
