import { describe, expect, it, vi } from "vitest";
import { newest, type Page, type Query } from "./newest";

// a slow machine is no fault of what is tested
vi.setConfig({ testTimeout: 300_000 });

interface Item {
  seq: number;
  at: number;
}
const DAY = 86_400_000;
const NOW = Date.parse("2026-11-30T12:00:00Z");
class NoOrder extends Error {}

/** A station with these rows; an old one does not know `order`. */
function stationOf(items: Item[], old: boolean) {
  let asked = 0;
  const ask = (query: Query): Promise<Page<Item>> => {
    asked += 1;
    if (query.order && old) return Promise.reject(new NoOrder());
    let found = items.filter(
      ({ at }) => (!query.from || at >= Date.parse(query.from)) && (!query.to || at < Date.parse(query.to)),
    );
    if (query.order) found = [...found].reverse().filter(({ seq }) => !query.cursor || seq < Number(query.cursor));
    else found = found.filter(({ seq }) => !query.cursor || seq > Number(query.cursor));
    const more = found.length > query.limit;
    found = found.slice(0, query.limit);
    return Promise.resolve({ items: found, next: more ? String(found.at(-1)!.seq) : null });
  };
  return { ask, asked: () => asked };
}

async function all(items: Item[], old: boolean, from: number | null = null, to: number | null = null) {
  const station = stationOf(items, old);
  const found: Item[] = [];
  const pages = newest(
    station.ask,
    { from, to },
    (item) => item.at,
    NOW,
    (error) => error instanceof NoOrder,
  );
  for await (const page of pages) found.push(...page);
  return { found: found.map(({ seq }) => seq), asked: station.asked() };
}

const every = (count: number, gap: number): Item[] =>
  Array.from({ length: count }, (_, place) => ({ seq: place + 1, at: NOW - (count - place) * gap }));

describe.each([
  ["a station that knows the order", false],
  ["a station that does not", true],
])("the log of %s", (_, old) => {
  it.each([
    ["nothing", []],
    ["one row", every(1, DAY)],
    ["a row every twenty seconds", every(9000, 20_000)],
    ["two rows a day for three years", every(2200, DAY / 2)],
    [
      "years of silence in between",
      [...every(3, 1), ...every(5, 60_000)].map((it, place) => ({
        seq: place + 1,
        at: place < 3 ? it.at - 2000 * DAY : it.at,
      })),
    ],
  ])("comes whole and newest first, having %s", async (_, items) => {
    const { found } = await all(items, old);
    expect(found).toEqual(items.map(({ seq }) => seq).reverse());
  });

  it("keeps to its bounds", async () => {
    const items = every(400, DAY / 4);
    const { found } = await all(items, old, NOW - 10 * DAY, NOW - 5 * DAY);
    const wanted = items.filter(({ at }) => at >= NOW - 10 * DAY && at < NOW - 5 * DAY).map(({ seq }) => seq);
    expect(found).toEqual(wanted.reverse());
  });

  it("is not asked more than it has pages, give or take", async () => {
    const { asked } = await all(every(9000, 20_000), old);
    expect(asked).toBeLessThan(60);
  });
});
