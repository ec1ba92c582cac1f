// The pictures of the guides: LOAXA_PICTURES=1 npm run browser -- pictures
import { DESKTOP, expect, test, tone } from "./station";

const FOLDER = "../docs/pictures";

test("the pictures of the guides", async ({ station, open }) => {
  test.skip(!process.env.LOAXA_PICTURES, "made when the pages have changed: LOAXA_PICTURES=1");
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  const ask = (path: string, body: unknown) => station.ask<{ id: string }>("broadcaster", "POST", path, body);
  await ask("/zones", { name: "Thôn Đông", volume_db: 0 });
  await ask("/zones", { name: "Thôn Đoài", volume_db: -3 });
  await ask("/windows", { name: "Buổi sáng", days, start: "05:00", end: "05:45" });
  await ask("/windows", { name: "Buổi chiều", days, start: "17:00", end: "17:45" });
  const now = new Date();
  const here = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit" });
  const [from, to] = [here.format(+now - 60_000), here.format(+now + 3_600_000)];
  if (from < to) await ask("/windows", { name: "Bây giờ", days, start: from, end: to });
  const sound = (hertz: number, seconds: number) => tone(hertz, seconds);
  const news = await station.recording("Bản tin chiều", sound(440, 8), { approvals: 1 });
  const health = await station.recording("Lịch tiêm chủng tháng này", sound(470, 6), { approvals: 1 });
  const fire = await station.recording("Phòng cháy mùa hanh khô", sound(500, 5), { approvals: 1 });
  await station.recording("Báo động lũ khẩn cấp", sound(620, 20), { kind: "emergency", approvals: 2 });
  await station.recording("Thông báo họp thôn", sound(540, 7));
  await station.recording("Diễn tập phòng thủ dân sự", sound(560, 9), { kind: "priority" });
  await ask("/programmes", { name: "Bản tin sáng", segments: [health, news], cron: "0 5 * * *" });
  await ask("/programmes", { name: "Bản tin chiều", segments: [news, health], cron: "0 17 * * *" });
  const day = (offset: number) =>
    new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Ho_Chi_Minh" }).format(+now + offset * 86_400_000);
  const phases = [{ name: "Cao điểm", from: day(0), to: day(13), windows: [], airings: { count: 2, per: "day" } }];
  await ask("/campaigns", { name: "Phòng cháy mùa hanh khô", segments: [{ id: fire, weight: 1 }], zones: [], phases });
  const soon = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  await ask("/programmes", { name: "Thử loa", segments: [health], at: [soon(5)] });
  await expect.poll(() => station.heardSeconds(470), { timeout: 60_000 }).toBeGreaterThan(5.5);

  const shoot = async (page: Awaited<ReturnType<typeof open>>, path: string, name: string) => {
    await page.goto(`${station.address}/#/${path}`);
    await expect(page.locator("main h1").first()).toBeAttached();
    await expect(page.getByText(/^(Đang tải…|Loading…)$/)).toHaveCount(0);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: `${FOLDER}/${name}.png` });
  };
  const phone = { width: 390, height: 844 };
  const leader = await open("approver", phone);
  await leader.goto(`${station.address}/#/approvals`);
  // a decision takes a moment, so that nobody decides by a slip
  await expect(leader.getByRole("button", { name: /^Duyệt cho phát/ })).toBeEnabled();
  await expect(leader.getByText("…", { exact: true })).toHaveCount(0);
  await leader.screenshot({ path: `${FOLDER}/duyet.png` });
  const broadcaster = await open("broadcaster", phone);
  await shoot(broadcaster, "recordings", "ban-ghi");
  await shoot(broadcaster, "recordings/upload", "tai-len");
  await shoot(broadcaster, `recordings/${news}`, "mot-ban-ghi");
  await shoot(broadcaster, "schedule", "lich-dien-thoai");
  const officer = await open("scheduler", DESKTOP);
  await ask("/programmes", { name: "Thử loa lần hai", segments: [news], at: [soon(6)] });
  await officer.goto(`${station.address}/#/today`);
  await expect(officer.getByRole("heading", { name: "Đang phát" })).toBeVisible({ timeout: 60_000 });
  await expect(officer.getByRole("meter")).toBeVisible();
  await officer.screenshot({ path: `${FOLDER}/hom-nay.png` });
  await shoot(officer, "schedule", "lich");
  await shoot(officer, "campaigns", "dot-tuyen-truyen");
  await shoot(officer, "log", "nhat-ky");
  await shoot(officer, "reports", "bao-cao");
  const emergency = await open("emergency", phone);
  await emergency.getByRole("button", { name: "Khẩn cấp" }).click();
  await expect(emergency.getByRole("button", { name: "PHÁT KHẨN CẤP NGAY" })).toBeVisible();
  await emergency.screenshot({ path: `${FOLDER}/khan-cap.png` });
  const admin = await open("admin", DESKTOP);
  await shoot(admin, "settings", "thiet-lap");
});
