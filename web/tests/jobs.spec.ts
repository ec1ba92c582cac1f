// Whole jobs, from a file on a phone to what an auditor holds in their hands: with the real daemon, and sound that is listened to.
import { readFileSync } from "node:fs";
import { accessible, DESKTOP, expect, fits, NAMES, PHONE, test, tone } from "./station";

interface Plan {
  slots: { slot: string; start: string; title: string }[];
}

test("a recording is uploaded, approved by another, heard, verified and exported", async ({ station, open }) => {
  await station.alwaysOpen();
  const broadcaster = await open("broadcaster", PHONE);
  await broadcaster.goto(`${station.address}/#/recordings/upload`);
  const file = { name: "lịch_tiêm_chủng.wav", mimeType: "audio/wav", buffer: tone(523, 10) };
  await broadcaster.locator(".drop input").setInputFiles(file);
  await broadcaster.getByRole("button", { name: "Tải lên", exact: true }).click();
  await expect(broadcaster.getByText("Đã lên đài, chờ duyệt.")).toBeVisible();
  const { items } = await station.ask<{ items: { id: string }[] }>("broadcaster", "GET", "/segments");
  const id = items[0]!.id;

  // planned before it is approved: silent, with the reason
  await expect(async () => {
    const { slots } = await station.ask<Plan>("broadcaster", "GET", "/plan");
    expect(slots).toEqual([]);
  }).toPass();

  const leader = await open("approver", PHONE);
  await expect(leader.getByRole("link", { name: /Duyệt/ })).toContainText("1");
  await leader.goto(`${station.address}/#/approvals`);
  await leader.getByRole("button", { name: "Duyệt cho phát “lịch tiêm chủng”" }).click();
  await leader.getByRole("dialog").getByRole("button", { name: "Vẫn duyệt" }).click();
  await expect(leader.getByText("Đã duyệt “lịch tiêm chủng”.")).toBeVisible();
  expect(station.heardSeconds(523)).toBe(0);

  const at = new Date(Date.now() + 12_000).toISOString();
  await station.ask("broadcaster", "POST", "/programmes", { name: "Y tế xã", segments: [id], at: [at] });
  await leader.goto(`${station.address}/#/today`);
  await expect(leader.getByRole("heading", { name: "Đang phát" })).toBeVisible({ timeout: 60_000 });
  await expect(leader.getByRole("meter")).toBeVisible();
  await expect.poll(() => station.heardSeconds(523), { timeout: 60_000 }).toBeGreaterThan(9);

  const auditor = await open("auditor", DESKTOP);
  await auditor.goto(`${station.address}/#/log`);
  const row = auditor.getByRole("main").getByText("lịch tiêm chủng").first();
  await expect(row).toBeVisible({ timeout: 60_000 });
  await accessible(auditor);
  await row.click();
  await expect(auditor.getByText(NAMES.approver).first()).toBeVisible();

  await auditor.goto(`${station.address}/#/today`);
  await auditor.goto(`${station.address}/#/log`);
  await auditor.getByRole("button", { name: "Kiểm tra" }).click();
  await auditor.getByRole("button", { name: "Bắt đầu kiểm tra" }).click();
  await expect(auditor.getByText(/nguyên vẹn/i).first()).toBeVisible();
  await accessible(auditor);
  await auditor.keyboard.press("Escape");

  await auditor.getByRole("button", { name: "Tải nhật ký" }).click();
  const [download] = await Promise.all([
    auditor.waitForEvent("download"),
    auditor.getByRole("dialog").getByRole("button", { name: "CSV" }).click(),
  ]);
  const csv = readFileSync((await download.path())!, "utf8");
  expect(csv.split("\r\n")[1]).toContain("lịch tiêm chủng");
  expect(csv).toContain("aired");
});

test("what cannot air is refused with its reason before it is saved", async ({ station, open }) => {
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  await station.ask("broadcaster", "POST", "/windows", { name: "Buổi chiều", days, start: "17:00", end: "17:30" });
  await station.recording("Bản tin chiều", tone(480, 5), { approvals: 1 });
  const page = await open("broadcaster", DESKTOP);
  await page.goto(`${station.address}/#/schedule/programmes`);
  await page.getByRole("link", { name: "Chương trình mới" }).click();
  await page.getByLabel("Tên chương trình").fill("Bản tin");
  await page.getByRole("button", { name: /Bản tin chiều/ }).click();
  await page.getByRole("button", { name: "Mỗi ngày" }).click();
  await page.getByLabel("Giờ thứ 1").fill("23:00");
  await expect(page.getByText(/KHÔNG phát được|Chưa lưu được/).first()).toBeVisible();
  await accessible(page);
  await page.getByLabel("Giờ thứ 1").fill("17:10");
  await expect(page.getByText(/Sẽ phát thêm \d+ lượt/)).toBeVisible();
  await page.getByRole("button", { name: "Lưu chương trình" }).click();
  await expect
    .poll(async () => (await station.ask<{ items: unknown[] }>("broadcaster", "GET", "/programmes")).items.length)
    .toBe(1);
});

test("a campaign is made in three steps and seen delivered", async ({ station, open }) => {
  test.setTimeout(360_000);
  await station.alwaysOpen();
  await station.recording("An toàn giao thông", tone(587, 3), { approvals: 1 });
  const page = await open("scheduler", PHONE);
  await page.goto(`${station.address}/#/campaigns`);
  await page.getByRole("link", { name: "Đợt tuyên truyền mới" }).click();
  await page.getByLabel("Tên đợt tuyên truyền").fill("Tháng an toàn giao thông");
  await page.getByRole("button", { name: /An toàn giao thông/ }).click();
  await page.getByRole("button", { name: "Tiếp" }).click();
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Ho_Chi_Minh" }).format(new Date());
  const later = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Ho_Chi_Minh" }).format(Date.now() + 2 * 86_400_000);
  await page.getByLabel("Từ ngày").fill(today);
  await page.getByLabel("Đến hết ngày").fill(later);
  await page.getByLabel("Số lượt phát").fill("1");
  await fits(page);
  await accessible(page);
  await page.getByRole("button", { name: "Tiếp" }).click();
  await expect(page.getByText("Lịch mà đợt này tạo ra")).toBeVisible();
  await page.getByRole("button", { name: "Lưu đợt tuyên truyền" }).click();
  await expect(page.getByText("Đã phát và còn phải phát")).toBeVisible();
  await accessible(page);
  const { slots } = await station.ask<Plan>("broadcaster", "GET", `/plan?from=${today}&to=${later}`);
  expect(slots.map(({ title }) => title)).toContain("An toàn giao thông");
  // the planner gives it the first free place; the page follows what becomes of it
  await expect.poll(() => station.heardSeconds(587), { timeout: 240_000 }).toBeGreaterThan(2.5);
  const aired = page.getByRole("article").locator("dl > div", { hasText: "Đã phát" });
  await expect(aired.getByRole("definition")).toHaveText("1", { timeout: 60_000 });
});
