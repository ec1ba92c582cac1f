// Cutting off what should not be heard: a broadcaster with a phone, a leader who hears the result, the loudspeaker.
import { accessible, expect, fits, PHONE, test, tone } from "./station";

interface Row {
  outcome: string;
  seconds_aired: number;
  sha256: string;
  trim: { start: number; end: number } | null;
}

test("a recording is trimmed by its handles, approved by another person and heard at that length", async ({
  station,
  open,
}) => {
  await station.alwaysOpen();
  const page = await open("broadcaster", PHONE);
  await page.goto(`${station.address}/#/recordings/upload`);
  const file = { name: "bản tin dài.wav", mimeType: "audio/wav", buffer: tone(440, 8) };
  await page.locator(".drop input").setInputFiles(file);
  await page.getByRole("button", { name: "Tải lên", exact: true }).click();
  await expect(page.getByText("Đã lên đài, chờ duyệt.")).toBeVisible();
  await page.getByRole("link", { name: "Nghe và xem" }).click();
  await page.getByRole("button", { name: "Cắt đầu, cuối" }).click();

  // by mouse: the handle is dragged to two of eight seconds
  const [first, last] = [page.getByLabel("Mép đầu"), page.getByLabel("Mép cuối")];
  await expect(page.getByText("Giữ toàn bộ 8,0 giây.")).toBeVisible();
  await first.scrollIntoViewIfNeeded();
  const box = (await first.boundingBox())!;
  const at = (seconds: number) => box.x + 16 + (seconds / 8) * (box.width - 32);
  await page.mouse.move(at(0), box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(at(1), box.y + box.height / 2);
  await page.mouse.move(at(2), box.y + box.height / 2);
  await page.mouse.up();
  const from = page.getByLabel("Bắt đầu từ giây");
  await expect.poll(async () => Math.abs(Number(await from.inputValue()) - 2)).toBeLessThan(0.3);
  // by keyboard: a tenth of a second each
  await last.focus();
  for (let times = 0; times < 10; times += 1) await page.keyboard.press("ArrowLeft");
  await expect(page.getByLabel("Kết thúc ở giây")).toHaveValue("7");
  // and in numbers
  await from.fill("2.3");
  await from.press("Tab");
  await expect(page.getByText("Bỏ 2,3 giây đầu và 1,0 giây cuối, còn 4,7 giây.")).toBeVisible();
  await fits(page);
  await accessible(page);
  await page.getByRole("button", { name: "Nghe phần giữ lại" }).click();
  const sounding = () => page.locator("audio").evaluate((it: HTMLAudioElement) => [it.paused, it.currentTime] as const);
  await expect.poll(sounding, { timeout: 60_000 }).toEqual([true, expect.any(Number)]);
  await expect.poll(async () => (await sounding())[1], { timeout: 60_000 }).toBeGreaterThanOrEqual(7);
  await page.getByRole("button", { name: "Cắt", exact: true }).click();
  await expect(page.getByText("Đã cắt. Bản ghi đang chờ duyệt.")).toBeVisible();
  await expect(page.getByText("Bỏ 2,3 giây đầu và 1,0 giây cuối, còn 4,7 giây.")).toBeVisible();
  await fits(page);
  await accessible(page);

  const { items } = await station.ask<{ items: { id: string; sha256: string; duration: number }[] }>(
    "broadcaster",
    "GET",
    "/segments",
  );
  const [segment] = items;
  expect(segment!.duration).toBe(4.7);

  const leader = await open("approver", PHONE);
  await leader.goto(`${station.address}/#/approvals/${segment!.id}`);
  await expect(leader.getByText("Bỏ 2,3 giây đầu và 1,0 giây cuối, còn 4,7 giây.")).toBeVisible();
  await leader.getByRole("button", { name: "Duyệt cho phát “bản tin dài”" }).click();
  await leader.getByRole("dialog").getByRole("button", { name: "Vẫn duyệt" }).click();
  await expect(leader.getByText("Đã duyệt “bản tin dài”.")).toBeVisible();

  const start = new Date(Math.ceil(Date.now() / 1000) * 1000 + 20_000).toISOString();
  const programme = { name: "Phát thử", segments: [segment!.id], at: [start], class: "normal" };
  await station.ask("broadcaster", "POST", "/programmes", programme);
  let rows: Row[] = [];
  const aired = async () => {
    ({ items: rows } = await station.ask<{ items: Row[] }>("broadcaster", "GET", `/airings?segment=${segment!.id}`));
    return rows.length;
  };
  await expect.poll(aired, { timeout: 120_000 }).toBe(1);
  expect(rows[0]).toMatchObject({
    outcome: "aired",
    seconds_aired: 4.7,
    sha256: segment!.sha256,
    trim: { start: 2.3, end: 7 },
  });
  // blocks of 10 ms, and the silence around them
  expect(Math.abs(station.heardSeconds(440) - 4.7)).toBeLessThan(0.05);
});

test("a handle follows a finger, and the page stays where it is", async ({ station, open }) => {
  const id = await station.recording("Bản tin dài", tone(440, 8));
  const page = await open("broadcaster", { ...PHONE, touch: true });
  await page.goto(`${station.address}/#/recordings/${id}`);
  await page.getByRole("button", { name: "Cắt đầu, cuối" }).tap();
  await expect(page.getByText("Giữ toàn bộ 8,0 giây.")).toBeVisible();
  await expect(page.locator("form .player.drawn")).toBeVisible();

  const finger = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...points: { x: number; y: number }[]) =>
    finger.send("Input.dispatchTouchEvent", { type, touchPoints: points });
  const scrolled = () => page.evaluate(() => [scrollX, scrollY]);
  const field = (side: "from" | "to") => page.locator(`#trim-${side}`);
  /** One finger goes from one second to another, and sinks meanwhile, as fingers do. */
  async function drag(label: string, from: number, to: number) {
    const box = (await page.getByLabel(label).boundingBox())!;
    const at = (seconds: number) => box.x + 16 + (seconds / 8) * (box.width - 32);
    const y = box.y + box.height / 2;
    await touch("touchStart", { x: at(from), y });
    for (let step = 1; step <= 10; step += 1) {
      await touch("touchMove", { x: at(from + ((to - from) * step) / 10), y: y + (step * step) / 2 });
    }
    await touch("touchEnd");
  }
  const near = (side: "from" | "to", seconds: number) =>
    expect.poll(async () => Math.abs(Number(await field(side).inputValue()) - seconds)).toBeLessThan(0.3);

  // in the middle of the screen: there is a page above and below that could be scrolled
  await page.getByLabel("Mép đầu").evaluate((it) => it.scrollIntoView({ block: "center" }));
  const before = await scrolled();
  expect(before[1]).toBeGreaterThan(0);
  await drag("Mép đầu", 0, 2);
  await near("from", 2);
  await drag("Mép cuối", 8, 6.5);
  await near("to", 6.5);
  // each handle moved by itself
  await near("from", 2);
  expect(await scrolled()).toEqual(before);
  await fits(page);
  // beside the handles a finger scrolls as everywhere
  const says = (await page.locator(".says").boundingBox())!;
  await touch("touchStart", { x: says.x + 60, y: says.y + 8 });
  for (let step = 1; step <= 10; step += 1) await touch("touchMove", { x: says.x + 60, y: says.y + 8 - step * 12 });
  await touch("touchEnd");
  await expect.poll(async () => (await scrolled())[1]).toBeGreaterThan(before[1]!);

  const [from, to] = [Number(await field("from").inputValue()), Number(await field("to").inputValue())];
  const [sent] = await Promise.all([
    page.waitForRequest((request) => request.method() === "PATCH" && request.url().endsWith(`/segments/${id}`)),
    page.getByRole("button", { name: "Cắt", exact: true }).tap(),
  ]);
  expect(sent.postDataJSON()).toEqual({ trim: { start: from, end: to } });
  await expect(page.getByText("Đã cắt. Bản ghi đang chờ duyệt.")).toBeVisible();
  const kept = await station.ask<{ trim: { start: number; end: number } }>("broadcaster", "GET", `/segments/${id}`);
  expect(kept.trim).toEqual({ start: from, end: to });
});
