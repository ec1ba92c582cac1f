// What holds on every page: it can be used, in both languages, at every size; and the way in.
import { shell } from "../src/words/shell";
import { accessible, DESKTOP, expect, fits, NAMES, passwordOf, PHONE, test, tone } from "./station";
import { sayIn } from "./words";

const PAGES = ["today", "recordings", "approvals", "schedule", "campaigns", "log", "reports", "settings"];

for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const language of ["vi", "en"] as const) {
    for (const colours of ["light", "dark"] as const) {
      test(`every page is whole: ${size}, ${language}, ${colours}`, async ({ station, open }) => {
        await station.alwaysOpen();
        await station.recording(
          "Một bản tin có tiêu đề dài để xem nó xuống dòng thế nào trên điện thoại",
          tone(440, 2),
        );
        const page = await open("approver", viewport, language);
        await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
        for (const name of PAGES) {
          await page.goto(`${station.address}/#/${name}`);
          await expect(page.locator("main h1").first()).toBeAttached();
          await expect(page.getByText(/^(Đang tải…|Loading…)$/)).toHaveCount(0);
          await fits(page);
          await accessible(page);
        }
        expect(await page.locator("html").getAttribute("lang")).toBe(language);
      });
    }
  }
}

test("a wrong password is told, the language changes at once, and logging out ends it", async ({ station, page }) => {
  await page.setViewportSize(PHONE);
  await page.goto(station.address);
  await accessible(page);
  await page.locator("#name").fill(NAMES.auditor);
  await page.locator("#password").fill("không phải mật khẩu này");
  await page.getByRole("button", { name: "Đăng nhập" }).click();
  await expect(page.getByRole("alert")).toHaveText("Tên hoặc mật khẩu không đúng.");
  await page.getByRole("button", { name: /English/ }).click();
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  await page.locator("#password").fill(passwordOf("auditor"));
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("navigation")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("navigation")).toBeVisible();
});

test("STOP silences within one tap and a question, on every page, and is released", async ({ station, open }) => {
  await station.alwaysOpen();
  const page = await open("emergency", PHONE);
  await page.goto(`${station.address}/#/settings`);
  await page.getByRole("button", { name: "DỪNG PHÁT" }).click();
  await page.getByRole("button", { name: "Dừng ngay" }).click();
  await expect(page.getByText(/ĐÀI ĐANG DỪNG/)).toBeVisible();
  expect((await station.ask<{ stopped: string | null }>("emergency", "GET", "/status")).stopped).toBe(NAMES.emergency);
  await page.getByRole("button", { name: "Cho phát lại" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cho phát lại" }).click();
  await expect(page.getByText(/ĐÀI ĐANG DỪNG/)).toBeHidden();
});

for (const [language, viewport] of [
  ["vi", PHONE],
  ["en", DESKTOP],
] as const) {
  const say = sayIn(language);
  const title = "Báo động lũ khẩn cấp";
  const onAir = say(shell.emergency_on_air, { title });
  test(`an emergency is two taps away, is heard, and can be taken back: ${language}`, async ({ station, open }) => {
    await station.recording(title, tone(620, 20), { kind: "emergency", approvals: 2 });
    const page = await open("emergency", viewport, language);
    await page.getByRole("button", { name: say(shell.emergency), exact: true }).click();
    await page.getByRole("button", { name: say(shell.emergency_go) }).click();
    await expect(page.getByText(onAir)).toBeVisible();
    await expect.poll(() => station.heardSeconds(620), { timeout: 30_000 }).toBeGreaterThan(0.5);
    await page.getByRole("button", { name: say(shell.emergency_cancel) }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: say(shell.emergency_cancel) })
      .click();
    await expect(page.getByText(onAir)).toBeHidden();
  });
}

test("a new emergency sounds once a second person has listened and confirmed", async ({ station, open }) => {
  await station.recording("Vỡ đê bao", tone(700, 3), { kind: "emergency" });
  const first = await open("emergency", PHONE);
  await first.getByRole("button", { name: "Khẩn cấp" }).click();
  await first.getByRole("button", { name: "PHÁT KHẨN CẤP NGAY" }).click();
  await expect(first.getByText(/người khác phải xác nhận/)).toBeVisible();
  expect(station.heardSeconds(700)).toBe(0);
  const second = await open("approver", PHONE);
  await second.getByRole("button", { name: "Nghe và xác nhận" }).click();
  await second.getByRole("button", { name: "Xác nhận, phát ngay" }).click();
  await expect.poll(() => station.heardSeconds(700), { timeout: 30_000 }).toBeGreaterThan(2);
});

test("a line that is lost is said plainly, and comes back by itself", async ({ station, open }) => {
  const page = await open("auditor", PHONE);
  await expect(page.getByText("Trực tiếp", { exact: true })).toBeVisible();
  await station.kill();
  await expect(page.getByText("Mất kết nối", { exact: true })).toBeVisible();
  await expect(page.getByText(/có thể đã khác/)).toBeVisible();
  await station.start();
  await expect(page.getByText("Trực tiếp", { exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/có thể đã khác/)).toBeHidden();
});
