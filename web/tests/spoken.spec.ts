// A bulletin is written, read by the station's voice, corrected, approved by a leader who reads what he hears, and heard.
import { accessible, DESKTOP, expect, fits, PHONE, test } from "./station";

interface Segment {
  id: string;
  title: string;
  state: string;
  class: string;
  duration: number;
  spoken: { text: string; read_as: string | null } | null;
}

const WRITTEN = "UBND xã mời bà con hop lúc 7h30 ngày 20/11/2026.";
const CORRECTED = "UBND xã mời bà con họp lúc 7h30 ngày 20/11/2026.";
const READ_AS = "Ủy ban nhân dân xã mời bà con họp lúc 7 giờ 30 phút ngày 20 tháng 11 năm 2026.";

test("a bulletin is written, listened to, corrected, approved and heard", async ({ station, open }) => {
  // it is listened to and aired in real time
  test.slow();
  await station.alwaysOpen();
  const page = await open("broadcaster", PHONE);
  await page.goto(`${station.address}/#/recordings`);
  await page.getByRole("link", { name: "Đọc bản tin" }).click();
  // what the voice cannot read is not offered
  await expect(page.getByLabel("Ngôn ngữ").getByRole("option")).toHaveText(["Tiếng Anh", "Tiếng Việt"]);
  await page.getByLabel("Nội dung").fill(WRITTEN);
  await expect(page.getByText(`${WRITTEN.length}/10.000 ký tự`)).toBeVisible();
  await page.getByLabel("Tiêu đề").fill("Mời họp");
  await page.getByLabel("Loại bản tin").selectOption("priority");
  await fits(page);
  await accessible(page);
  await page.getByRole("button", { name: "Tạo bản ghi" }).click();

  // it waits for approval, can be listened to, and has its text
  await expect(page.getByRole("heading", { name: "Mời họp" })).toBeVisible();
  await expect(page.getByText("Chờ duyệt", { exact: true })).toBeVisible();
  await expect(page.getByText(WRITTEN)).toBeVisible();
  await page.getByRole("button", { name: "Nghe “Mời họp”" }).click();
  const listened = page.locator("audio");
  await expect.poll(() => listened.evaluate((it: HTMLAudioElement) => it.played.length)).toBeGreaterThan(0);
  await fits(page);
  await accessible(page);

  // a word was wrong
  await page.getByRole("link", { name: "Sửa bản tin, đọc lại" }).click();
  await expect(page.getByLabel("Nội dung")).toHaveValue(WRITTEN);
  await expect(page.getByLabel("Tiêu đề")).toHaveValue("Mời họp");
  await page.getByLabel("Nội dung").fill(CORRECTED);
  await page.getByRole("button", { name: "Tạo bản ghi" }).click();
  await expect(page.getByText("Bản ghi cũ đã được thu hồi.")).toBeVisible();
  await expect(page.getByText(CORRECTED)).toBeVisible();
  const { items } = await station.ask<{ items: Segment[] }>("broadcaster", "GET", "/segments");
  expect(items.map(({ state }) => state).sort()).toEqual(["awaiting_approval", "withdrawn"]);
  const { id } = items.find(({ state }) => state === "awaiting_approval")!;
  const segment = await station.ask<Segment>("broadcaster", "GET", `/segments/${id}`);
  expect(segment).toMatchObject({ class: "priority", spoken: { text: CORRECTED, read_as: READ_AS } });
  expect(segment.duration).toBeGreaterThan(2);

  const leader = await open("approver", PHONE);
  await leader.goto(`${station.address}/#/approvals/${id}`);
  await expect(leader.getByText(CORRECTED)).toBeVisible();
  await leader.getByText("Máy đọc thành").click();
  await expect(leader.getByText(READ_AS)).toBeVisible();
  await fits(leader);
  await accessible(leader);
  await leader.getByRole("button", { name: "Nghe “Mời họp”" }).click();
  await expect.poll(() => leader.locator("audio").evaluate((it: HTMLAudioElement) => it.ended)).toBe(true);
  await leader.getByRole("button", { name: "Duyệt cho phát “Mời họp”" }).click();
  await expect(leader.getByText("Đã duyệt “Mời họp”.")).toBeVisible();

  const at = [new Date(Date.now() + 12_000).toISOString()];
  await station.ask("broadcaster", "POST", "/programmes", { name: "Sáng", segments: [id], at });
  await expect
    .poll(async () => {
      const { items } = await station.ask<{ items: { outcome: string }[] }>("broadcaster", "GET", "/airings");
      return items.map(({ outcome }) => outcome);
    })
    .toEqual(["aired"]);
  expect(station.heardSeconds()).toBeGreaterThan(1);
});

test("what the station refuses of a text is said, and the text stays", async ({ station, open }) => {
  const page = await open("broadcaster", DESKTOP, "en");
  await page.goto(`${station.address}/#/recordings/spoken`);
  await page.getByLabel("Title").fill("Nothing");
  await page.getByLabel("Text", { exact: true }).fill("… !");
  await page.getByRole("button", { name: "Make the recording" }).click();
  await expect(page.getByRole("alert")).toContainText("no letter and no number");
  await expect(page.getByLabel("Text", { exact: true })).toHaveValue("… !");
  await page.getByLabel("Text", { exact: true }).fill("a ".repeat(5_001));
  await page.getByRole("button", { name: "Make the recording" }).click();
  await expect(page.getByRole("alert")).toContainText("longer than 10,000 characters");
});

test("a station without a voice says so, and whom to ask", async ({ station, open }) => {
  await station.configured('[speech]\ncommand = ["no-such-voice"]\n');
  const page = await open("broadcaster", PHONE);
  await page.goto(`${station.address}/#/recordings/spoken`);
  await expect(page.getByText("Đài này chưa đọc được bản tin.")).toBeVisible();
  await expect(page.getByText(/Hãy nhờ kỹ thuật viên cài espeak-ng/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Tạo bản ghi" })).toBeHidden();
  await fits(page);
  await accessible(page);
});
