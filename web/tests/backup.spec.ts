// An administrator makes a backup by a button, and everybody sees how old the last one is.
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { accessible, expect, fits, PHONE, test } from "./station";

test("an administrator makes a backup, and the station says when", async ({ station, open }) => {
  const folder = join(station.home, "usb");
  mkdirSync(folder);
  await station.configured(`[backup]\nfolder = ${JSON.stringify(folder)}\nsame_disk = true\n`);
  const page = await open("admin", PHONE);
  await page.goto(`${station.address}/#/settings/backup`);
  await expect(page.getByText("Chưa sao lưu lần nào bằng nút này.")).toBeVisible();
  await page.getByRole("button", { name: "Sao lưu ngay" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sao lưu ngay" }).click();
  await expect(page.getByText(/Sao lưu gần nhất: hôm nay/)).toBeVisible();
  await expect(page.getByText("Đã đọc lại toàn bộ: nguyên vẹn.")).toBeVisible();
  expect(readdirSync(folder).sort()).toEqual(["loaxa.db", "manifest.json", "originals"]);
  await fits(page);
  await accessible(page);
});

test("where no folder is configured the technician's way is shown alone", async ({ station, open }) => {
  const page = await open("admin", PHONE);
  await page.goto(`${station.address}/#/settings/backup`);
  await expect(page.getByText("loaxa restore /media/usb/loaxa")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sao lưu ngay" })).toBeHidden();
  await expect(page.getByRole("alert")).toBeHidden();
});
