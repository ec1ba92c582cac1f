// A week that can be read: what begins together stands together by name, and can be opened, moved and heard of by ear.
import { accessible, DESKTOP, expect, fits, PHONE, test, tone } from "./station";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  test(`what begins together is read by name in a week, and opened: ${size}`, async ({ station, open }) => {
    const ask = (path: string, body: unknown) => station.ask("broadcaster", "POST", path, body);
    await ask("/windows", { name: "Buổi sáng", days: DAYS, start: "05:00", end: "05:05" });
    await ask("/windows", { name: "Buổi muộn", days: DAYS, start: "07:00", end: "08:00" });
    const sound = await station.recording("Bản tin", tone(440, 2), { approvals: 1 });
    const programmes = {
      "Bản tin sáng": "0 5 * * *",
      "Thời sự xã": "0 5 * * *",
      "Phòng cháy chữa cháy mùa hanh khô trong khu dân cư": "0 5 * * *",
      // at five its window has closed
      "Quá giờ": "7 5,7 * * *",
      "Một mình": "30 7 * * *",
    };
    for (const [name, cron] of Object.entries(programmes)) await ask("/programmes", { name, segments: [sound], cron });
    const page = await open("broadcaster", viewport);
    await page.goto(`${station.address}/#/schedule`);
    await page.getByRole("button", { name: "Tuần", exact: true }).click();
    // all of it is to come
    await page.getByRole("button", { name: "Sau", exact: true }).click();

    const group = page.getByRole("button", { name: /^Thứ Hai, .*4 mục/ });
    await expect(group).toHaveAccessibleName(
      /4 mục: 05:00 [^;]+, sẽ phát; 05:00 [^;]+, sẽ phát; 05:00 [^;]+, sẽ phát; 05:07 Quá giờ, không phát được$/,
    );
    for (const name of Object.keys(programmes).slice(0, 4)) {
      const line = group.getByText(name, { exact: true });
      await line.scrollIntoViewIfNeeded();
      // ten letters, or all that it has, before it is cut; and the line is inside the group
      const [cut, right, bottom, end] = await line.evaluate((it) => {
        const range = document.createRange();
        range.setStart(it.firstChild!, 0);
        range.setEnd(it.firstChild!, Math.min(10, it.textContent.length));
        const box = it.getBoundingClientRect();
        const whole = it.closest(".ec-event")!.getBoundingClientRect();
        return [range.getBoundingClientRect().right, box.right, box.bottom, whole.bottom] as const;
      });
      expect(cut, name).toBeLessThanOrEqual(right);
      expect(bottom, name).toBeLessThanOrEqual(end);
    }
    // what will not air is not hidden among what will
    await expect(group).toHaveClass(/refused/);
    // nothing stands beside anything else: a day is one column
    const days = await page
      .locator(".ec-event.group")
      .evaluateAll((all) => all.map((it) => it.getBoundingClientRect()));
    expect(new Set(days.map(({ x }) => Math.round(x))).size).toBe(7);
    await fits(page);
    await accessible(page);

    // by keyboard: all are listed, each is opened, and one comes back to where one was
    await group.press("Enter");
    const list = page.getByRole("dialog", { name: /^Thứ Hai, .*05:00–05:07$/ });
    await expect(list.getByRole("listitem")).toHaveCount(4);
    await accessible(page);
    await list.getByRole("button", { name: /Quá giờ/ }).click();
    const details = page.getByRole("dialog", { name: "Quá giờ" });
    await expect(details.getByText("không phát được", { exact: true })).toBeVisible();
    await accessible(page);
    await page.keyboard.press("Escape");
    await expect(details).toBeHidden();
    await list.getByRole("button", { name: /Thời sự xã/ }).click();
    await page.getByRole("dialog", { name: "Thời sự xã" }).getByRole("button", { name: "Đổi giờ" }).click();
    await expect(page.getByLabel("Giờ mới")).toHaveValue("05:00");
    await expect(list).toBeHidden();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
  });
}

test("what stands alone in a week is dragged to another time", async ({ station, open }) => {
  test.setTimeout(300_000);
  const ask = (path: string, body: unknown) => station.ask("broadcaster", "POST", path, body);
  await ask("/windows", { name: "Buổi sáng", days: DAYS, start: "05:00", end: "08:00" });
  const sound = await station.recording("Bản tin", tone(440, 2), { approvals: 1 });
  await ask("/programmes", { name: "Một mình", segments: [sound], cron: "0 6 * * *" });
  const page = await open("broadcaster", DESKTOP);
  await page.goto(`${station.address}/#/schedule`);
  await page.getByRole("button", { name: "Tuần", exact: true }).click();
  await page.getByRole("button", { name: "Sau", exact: true }).click();
  const alone = page.getByRole("button", { name: /^Thứ Ba, .*06:00 Một mình/ });
  // what the station tells meanwhile draws the week anew, and a drag begins anew
  await expect(async () => {
    await page.keyboard.press("Escape");
    await alone.scrollIntoViewIfNeeded();
    const { x, y, width } = (await alone.boundingBox())!;
    await page.mouse.move(x + width / 2, y + 10);
    await page.mouse.down();
    // half an hour is two lines of the grid
    await page.mouse.move(x + width / 2, y + 40);
    await page.mouse.move(x + width / 2, y + 10 + 52);
    await page.mouse.up();
    await expect(page.getByLabel("Giờ mới")).toHaveValue("06:30", { timeout: 10_000 });
  }).toPass({ timeout: 180_000 });
  await expect(page.getByRole("dialog", { name: "Đổi giờ “Một mình”" })).toBeVisible();
});
