// A log of years on a phone: the page asks for it piece by piece, shows all of it, and never holds more of it than is seen.
import type { Page } from "@playwright/test";
import { expect, PHONE, test } from "./station";

const ROWS = 100_000;
/** Beside what is seen, so many pixels are kept ready above and below (`bufferSize`), and no row is lower than this. */
const [READY, LOWEST] = [600, 40];
/** What of a page of so many pixels may be there as rows. */
const most = (height: number) => Math.ceil((height + 2 * READY) / LOWEST);
/** Nodes of the whole page: what is around the list, and some twenty for a row. */
const mostNodes = (height: number) => 3_000 + 40 * most(height);

/** A station's answers that it would need 69 days of airings a minute to give; the page asks for them as for any others. */
async function manyAirings(page: Page, removed: object | null = null) {
  await page.addInitScript(
    ([rows, removed]) => {
      const real = window.fetch.bind(window);
      const begun = Date.now() - (rows as number) * 60_000;
      const airing = (seq: number) => {
        const at = new Date(begun + seq * 60_000).toISOString();
        const missed = seq % 17 === 0;
        return {
          ...{ seq, slot: `p/${seq}`, planned_start: at, started: missed ? null : at, ended: at },
          ...{ seconds_planned: 30, seconds_aired: missed ? 0 : 30, outcome: missed ? "missed" : "aired" },
          ...{ reason_code: null, reason: missed ? "The clock was not trusted." : null },
          reason_vi: missed ? "Đồng hồ chưa tin cậy." : null,
          ...{
            confirmed: true,
            programme: null,
            programme_name: "Bản tin",
            segment: "s",
            sha256: "",
            approved_by: null,
          },
          title: `Bản tin số ${seq}${seq % 5 === 0 ? ", có tiêu đề dài để xem nó xuống dòng thế nào trên điện thoại" : ""}`,
          ...{ zones: [], clock: "kernel", external_id: null, campaign: null, emergency: null, device: null },
          ...{ gaps: null, gap_seconds: null, lufs: null, amplifier_samples: null, amplifier_gap_seconds: null },
          evidence: null,
        };
      };
      const told = { asked: 0, largest: 0 };
      Object.assign(window, { told });
      window.fetch = async (input, init) => {
        const url = new URL(input instanceof Request ? input.url : input, location.href);
        if (url.pathname !== "/api/v1/airings" || url.searchParams.get("order") !== "newest") return real(input, init);
        const limit = Number(url.searchParams.get("limit") ?? 100);
        const before = Number(url.searchParams.get("cursor") ?? (rows as number) + 1);
        const last = Math.max(1, before - limit);
        told.asked += 1;
        told.largest = Math.max(told.largest, limit);
        const items = Array.from({ length: before - last }, (_, place) => airing(before - 1 - place));
        return Response.json({ items, next: last > 1 ? String(last) : null, removed });
      };
    },
    [ROWS, removed] as const,
  );
}

/** What was found while the page was scrolled through. */
interface Walk {
  /** The most rows that were there at once, the most that one step made, the most nodes. */
  rows: number;
  made: number;
  nodes: number;
  /** Rows that did not follow on the one above them. */
  gaps: number;
  steps: number;
  /** Of the first and the last step: the numbers of the uppermost and of the lowest row. */
  first: [number, number];
  last: [number, number];
}

/** Scrolls to each of these places, or to the end for as long as the list grows, and looks at what is there. */
const walk = (page: Page, places: number[] | "to the end"): Promise<Walk> =>
  page.evaluate(async (places) => {
    const list = document.querySelector("section.list")!;
    const inside = (node: Node) =>
      !(node instanceof Element) ? 0 : node.matches("button") ? 1 : node.querySelectorAll("button").length;
    let made = 0;
    const watch = new MutationObserver((changes) =>
      changes.forEach(({ addedNodes }) => addedNodes.forEach((node) => (made += inside(node)))),
    );
    watch.observe(list, { childList: true, subtree: true });
    const frame = () => new Promise(requestAnimationFrame);
    const height = () => document.documentElement.scrollHeight;
    const numbers = () =>
      [...list.querySelectorAll("strong")].map((it) => Number(/số (\d+)/.exec(it.textContent ?? "")?.[1]));
    const busy = () => /^(Đang tải…|Loading…)$/.test(list.querySelector("[role=status]")?.textContent?.trim() ?? "");
    const found = { rows: 0, made: 0, nodes: 0, gaps: 0, steps: 0, first: [0, 0], last: [0, 0] } as Walk;
    for (let before = -1; places === "to the end" ? height() > before : found.steps < places.length;) {
      made = 0;
      before = height();
      scrollTo(0, places === "to the end" ? before : places[found.steps]!);
      // rows that were not measured yet move those below: until three frames in a row bring nothing
      for (let still = 0, was = ""; still < 3;) {
        await frame();
        const now = `${made} ${scrollY} ${height()} ${busy()}`;
        still = now === was && !busy() ? still + 1 : 0;
        was = now;
      }
      const here = numbers();
      found.rows = Math.max(found.rows, here.length);
      found.made = Math.max(found.made, made);
      found.nodes = Math.max(found.nodes, document.querySelectorAll("*").length);
      found.gaps += here.filter((number, place) => number !== here[0]! - place).length;
      found.last = [here[0] ?? 0, here.at(-1) ?? 0];
      if (found.steps === 0) found.first = found.last;
      found.steps += 1;
    }
    watch.disconnect();
    return found;
  }, places);

test(`a log of ${ROWS} airings is shown whole, and never more of it than is seen`, async ({ station, open }) => {
  test.setTimeout(1_800_000);
  const page = await open("auditor", PHONE);
  await manyAirings(page);
  await page.goto(`${station.address}/#/log`);
  await page.reload();
  await page.getByLabel("Thời gian", { exact: true }).selectOption("all");
  await expect(page.getByText(`số ${ROWS}`)).toBeVisible();
  const [rows, nodes] = [most(PHONE.height), mostNodes(PHONE.height)];
  const check = (found: Walk) => {
    expect(found.rows).toBeGreaterThan(0);
    expect(found.rows).toBeLessThanOrEqual(rows);
    expect(found.made, "rows made for one step").toBeLessThanOrEqual(2 * rows);
    expect(found.nodes).toBeLessThanOrEqual(nodes);
    expect(found.gaps, "the newest first, and none left out").toBe(0);
    return found;
  };
  // whoever looks at the newest has not asked for years of log
  const told = () => page.evaluate(() => (window as unknown as { told: { asked: number; largest: number } }).told);
  expect((await told()).asked).toBeLessThan(4);

  // down to the first of them: the list grows by a piece when somebody comes to its end, and by no more
  const down = check(await walk(page, "to the end"));
  expect(down.last[1]).toBe(1);
  await expect(page.getByText("Tất cả: 100.000 lần phát")).toBeVisible();
  const { asked, largest } = await told();
  expect(largest).toBeLessThanOrEqual(500);
  expect(asked).toBeLessThanOrEqual(4 + ROWS / 500);
  expect(down.steps).toBeGreaterThan(asked / 2);

  // anywhere in between, and a stretch without a step left out
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  check(
    await walk(
      page,
      Array.from({ length: 21 }, (_, part) => (height * part) / 20),
    ),
  );
  const middle = check(await walk(page, [height / 2]));
  const top = await page.evaluate(() => scrollY);
  let last = middle.last[1];
  for (let step = 1; step <= 20; step += 1) {
    const here = check(await walk(page, [top + step * PHONE.height * 0.8])).last;
    expect(here[0], "goes on where the last window ended").toBeGreaterThanOrEqual(last - 1);
    last = here[1];
  }
  expect(check(await walk(page, [0])).last[0]).toBe(ROWS);

  // nothing of what was passed is kept: the browser counts nodes that are in no page, too
  const line = await page.context().newCDPSession(page);
  await line.send("HeapProfiler.collectGarbage");
  const counters = await line.send("Memory.getDOMCounters");
  expect(counters.nodes).toBeLessThan(20 * nodes);

  if (process.env.LOAXA_MEASURE) {
    const frames = await page.evaluate(async () => {
      const long: number[] = [];
      let before = await new Promise<number>(requestAnimationFrame);
      for (let step = 0; step < 300; step += 1) {
        window.scrollBy(0, 90);
        const now = await new Promise<number>(requestAnimationFrame);
        long.push(now - before);
        before = now;
      }
      return long.sort((a, b) => a - b);
    });
    const at = (part: number) => frames[Math.min(frames.length - 1, Math.floor(part * frames.length))]!.toFixed(1);
    const { usedSize } = await line.send("Runtime.getHeapUsage");
    console.log(
      `frames of a scroll through ${ROWS} airings: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms; ` +
        `heap ${(usedSize / 1e6).toFixed(1)} MB, ${counters.nodes} nodes`,
    );
  }
});

test("what the rule of retention removed is said below the oldest airing", async ({ station, open }) => {
  const page = await open("auditor", PHONE, "vi");
  const removed = {
    ...{ seq: 4000, row: 9000, until: "2025-01-31T10:00:00+07:00", told: 9500, keep_days: 400, code: "retention" },
    ...{ vi: "", en: "" },
  };
  await page.route("**/api/v1/airings?*", (route) => route.fulfill({ json: { items: [], next: null, removed } }));
  await page.goto(`${station.address}/#/log`);
  const text = "đến ngày 31/01/2025, không còn ở đây: đài chỉ lưu nhật ký 400 ngày. Dòng 9.500 của nhật ký";
  await expect(page.getByText(text)).toBeVisible();
});
