// Whole jobs, from a file on a phone to what an auditor holds in their hands: with the real daemon, and sound that is listened to.
// Each is done in Vietnamese on a phone and in English at a desk.
import { readFileSync } from "node:fs";
import { approvals } from "../src/words/approvals";
import { campaigns } from "../src/words/campaigns";
import { common } from "../src/words/common";
import { log } from "../src/words/log";
import { preview } from "../src/words/preview";
import { programme } from "../src/words/programme";
import { shell } from "../src/words/shell";
import { today } from "../src/words/today";
import { uploads } from "../src/words/uploads";
import { verify } from "../src/words/verify";
import { accessible, DESKTOP, expect, fits, NAMES, PHONE, test, tone } from "./station";
import { sayIn } from "./words";

const WAYS = [
  ["vi", "phone", PHONE],
  ["en", "desktop", DESKTOP],
] as const;

interface Airings {
  items: { seconds_aired: number; outcome: string }[];
}

interface Plan {
  slots: { slot: string; start: string; title: string }[];
}

/** A sentence up to what fills it, or around its number. */
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const starting = (text: string) => new RegExp(`^\\s*${escaped(text.trim())}`);
const counted = (text: string) => new RegExp(escaped(text).replace("#", "\\d+"));

for (const [language, size, viewport] of WAYS) {
  const say = sayIn(language);

  test(`a recording is uploaded, approved by another, heard, verified and exported: ${language}, ${size}`, async ({
    station,
    open,
  }) => {
    const title = "lịch tiêm chủng";
    await station.alwaysOpen();
    const broadcaster = await open("broadcaster", viewport, language);
    await broadcaster.goto(`${station.address}/#/recordings/upload`);
    const file = { name: "lịch_tiêm_chủng.wav", mimeType: "audio/wav", buffer: tone(523, 10) };
    await broadcaster.locator(".drop input").setInputFiles(file);
    await broadcaster.getByRole("button", { name: say(uploads.send), exact: true }).click();
    await expect(broadcaster.getByText(say(uploads.phase_done))).toBeVisible();
    const { items } = await station.ask<{ items: { id: string }[] }>("broadcaster", "GET", "/segments");
    const id = items[0]!.id;

    // planned before it is approved: silent, with the reason
    await expect(async () => {
      const { slots } = await station.ask<Plan>("broadcaster", "GET", "/plan");
      expect(slots).toEqual([]);
    }).toPass();

    const leader = await open("approver", viewport, language);
    await expect(leader.getByRole("link", { name: say(common.approvals) })).toContainText("1");
    await leader.goto(`${station.address}/#/approvals`);
    await leader.getByRole("button", { name: say(approvals.approve_label, { title }) }).click();
    await leader
      .getByRole("dialog")
      .getByRole("button", { name: say(approvals.unheard_yes) })
      .click();
    await expect(leader.getByText(say(approvals.approved, { title }))).toBeVisible();
    expect(station.heardSeconds(523)).toBe(0);

    const at = new Date(Date.now() + 12_000).toISOString();
    await station.ask("broadcaster", "POST", "/programmes", { name: "Y tế xã", segments: [id], at: [at] });
    await leader.goto(`${station.address}/#/today`);
    await expect(leader.getByRole("heading", { name: say(today.on_air) })).toBeVisible({ timeout: 60_000 });
    await expect(leader.getByRole("meter")).toBeVisible();
    await expect.poll(() => station.heardSeconds(523), { timeout: 60_000 }).toBeGreaterThan(3.5);

    const auditor = await open("auditor", viewport, language);
    await auditor.goto(`${station.address}/#/log`);
    const row = auditor.getByRole("main").getByText(title).first();
    await expect(row).toBeVisible({ timeout: 60_000 });
    await accessible(auditor);
    await row.click();
    await expect(auditor.getByText(NAMES.approver).first()).toBeVisible();

    await auditor.goto(`${station.address}/#/today`);
    await auditor.goto(`${station.address}/#/log`);
    await auditor.getByRole("button", { name: say(log.verify) }).click();
    await auditor.getByRole("button", { name: say(verify.go) }).click();
    await expect(auditor.getByText(say(verify.intact)).first()).toBeVisible();
    await accessible(auditor);
    await auditor.keyboard.press("Escape");

    await auditor.getByRole("button", { name: say(log.files) }).click();
    const [download] = await Promise.all([
      auditor.waitForEvent("download"),
      auditor.getByRole("dialog").getByRole("button", { name: "CSV" }).click(),
    ]);
    const csv = readFileSync((await download.path())!, "utf8");
    // a row says what the station says, also where a busy machine had it aired in part
    const { items: aired } = await station.ask<Airings>("broadcaster", "GET", "/airings");
    expect(csv.split("\r\n")[1]).toContain(title);
    const [names, values] = csv.split("\r\n").map((line) => line.split(","));
    const said = (name: string) => values![names!.indexOf(name)];
    expect(said("outcome")).toBe(aired[0]!.outcome);
    expect(Number(said("seconds_aired"))).toBe(aired[0]!.seconds_aired);
  });

  test(`what cannot air is refused with its reason before it is saved: ${language}, ${size}`, async ({
    station,
    open,
  }) => {
    const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    await station.ask("broadcaster", "POST", "/windows", { name: "Buổi chiều", days, start: "17:00", end: "17:30" });
    await station.recording("Bản tin chiều", tone(480, 5), { approvals: 1 });
    const page = await open("broadcaster", viewport, language);
    await page.goto(`${station.address}/#/schedule/programmes`);
    await page.getByRole("link", { name: say(programme.new) }).click();
    await page.getByLabel(say(programme.name), { exact: true }).fill("Bản tin");
    await page.getByRole("button", { name: /Bản tin chiều/ }).click();
    await page.getByRole("button", { name: say(programme.every_day) }).click();
    await page.getByLabel(say(programme.time, { number: 1 })).fill("23:00");
    await expect(page.getByText(starting(say(preview.problem))).first()).toBeVisible();
    await accessible(page);
    await page.getByLabel(say(programme.time, { number: 1 })).fill("17:10");
    await expect(page.getByText(counted(say(preview.appears, { count: "#" })))).toBeVisible();
    await page.getByRole("button", { name: say(programme.save) }).click();
    await expect
      .poll(async () => (await station.ask<{ items: unknown[] }>("broadcaster", "GET", "/programmes")).items.length)
      .toBe(1);
  });

  test(`a campaign is made in three steps and seen delivered: ${language}, ${size}`, async ({ station, open }) => {
    test.setTimeout(600_000);
    await station.alwaysOpen();
    await station.recording("An toàn giao thông", tone(587, 6), { approvals: 1 });
    const page = await open("scheduler", viewport, language);
    await page.goto(`${station.address}/#/campaigns`);
    await page.getByRole("link", { name: say(campaigns.new) }).click();
    await page.getByLabel(say(campaigns.name)).fill("Tháng an toàn giao thông");
    await page.getByRole("button", { name: /An toàn giao thông/ }).click();
    await page.getByRole("button", { name: say(common.next) }).click();
    const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Ho_Chi_Minh" }).format(new Date());
    const later = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Ho_Chi_Minh" }).format(
      Date.now() + 2 * 86_400_000,
    );
    await page.getByLabel(say(campaigns.from), { exact: true }).fill(today);
    await page.getByLabel(say(campaigns.to)).fill(later);
    await page.getByLabel(say(campaigns.count), { exact: true }).fill("1");
    await fits(page);
    await accessible(page);
    await page.getByRole("button", { name: say(common.next) }).click();
    await expect(page.getByText(say(campaigns.calendar))).toBeVisible();
    await page.getByRole("button", { name: say(campaigns.save) }).click();
    await expect(page.getByText(say(campaigns.account))).toBeVisible();
    await accessible(page);
    const { slots } = await station.ask<Plan>("broadcaster", "GET", `/plan?from=${today}&to=${later}`);
    expect(slots.map(({ title }) => title)).toContain("An toàn giao thông");
    // the planner gives it the first free place; the page follows what becomes of it
    await expect.poll(() => station.heardSeconds(587), { timeout: 240_000 }).toBeGreaterThan(2.5);
    const aired = page.getByRole("article").locator("dl > div", { hasText: say(campaigns.aired) });
    await expect(aired.getByRole("definition")).toHaveText("1", { timeout: 240_000 });

    // its report is its own, over all of its days
    await page.getByRole("link", { name: say(campaigns.report) }).click();
    await expect(page.getByLabel(say(log.campaign), { exact: true }).locator("option:checked")).toHaveText(
      "Tháng an toàn giao thông",
    );
    await expect(page.locator("#report-to")).toHaveValue(later);
    await expect(page.getByRole("rowheader", { name: "Tháng an toàn giao thông" })).toBeVisible();
    await accessible(page);
  });
}
