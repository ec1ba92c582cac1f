// From an empty folder to the first programme that is heard, with the page alone: what a new station's people do on their first day.
import type { Page } from "@playwright/test";
import { approvals } from "../src/words/approvals";
import { common } from "../src/words/common";
import { door } from "../src/words/door";
import { programme } from "../src/words/programme";
import { settings } from "../src/words/settings";
import { today } from "../src/words/today";
import { uploads } from "../src/words/uploads";
import { accessible, DESKTOP, expect, fits, NAMES, passwordOf, PHONE, type Role, test, tone } from "./station";
import { sayIn } from "./words";

test.use({ people: ["admin"] });

for (const [language, viewport] of [
  ["vi", PHONE],
  ["en", DESKTOP],
] as const) {
  const say = sayIn(language);

  test(`an empty station is heard for the first time: ${language}`, async ({ station, open }) => {
    test.setTimeout(600_000);
    const admin = await open("admin", viewport, language);
    await admin.goto(`${station.address}/#/settings`);
    const step = (page: Page, step: keyof typeof settings, is: "step_next" | "step_done") =>
      page.getByRole("listitem").filter({ hasText: new RegExp(`${say(settings[step])}\\s*: ${say(settings[is])}`) });
    const next = (page: Page, name: keyof typeof settings) => step(page, name, "step_next");
    const done = (page: Page, name: keyof typeof settings) => step(page, name, "step_done");
    const goOn = (page: Page, step: keyof typeof settings) =>
      next(page, step)
        .getByRole("link", { name: say(settings.go_there) })
        .click();
    await expect(admin.getByRole("heading", { name: say(settings.begin) })).toBeVisible();
    await expect(done(admin, "begin_clock")).toBeVisible();
    await fits(admin);
    await accessible(admin);

    // the administrator makes the others, and tells each a passphrase
    await goOn(admin, "begin_people");
    const passphrases = new Map<Role, string>();
    for (const role of ["broadcaster", "approver"] as const) {
      await admin.getByRole("button", { name: say(settings.person_new) }).click();
      await admin.getByRole("dialog").getByLabel(say(settings.name), { exact: true }).fill(NAMES[role]);
      await admin.locator(`input[name="role"][value="${role}"]`).check();
      await admin
        .getByRole("dialog")
        .getByRole("button", { name: say(common.add) })
        .click();
      const secret = admin.getByRole("textbox", { name: say(settings.passphrase, { name: NAMES[role] }) });
      passphrases.set(role, await secret.inputValue());
      await admin.getByRole("button", { name: say(settings.i_have_it) }).click();
    }
    await admin.goto(`${station.address}/#/settings`);
    await expect(done(admin, "begin_people")).toBeVisible();

    // whoever was made chooses a password of their own
    const arrive = async (role: Role): Promise<Page> => {
      const page = await open(role, viewport, language, passphrases.get(role)!);
      await expect(page.getByRole("heading", { name: say(door.choose_password) })).toBeVisible();
      await accessible(page);
      await page.locator("#old").fill(passphrases.get(role)!);
      await page.locator("#new").fill(passwordOf(role));
      await page.locator("#again").fill(passwordOf(role));
      await page.getByRole("button", { name: say(door.save_password) }).click();
      await expect(page.getByText(say(door.password_saved))).toBeVisible();
      await page.locator("#password").fill(passwordOf(role));
      await page.locator("form button.strong").click();
      await expect(page.locator("nav").first()).toBeVisible();
      return page;
    };
    const broadcaster = await arrive("broadcaster");
    await broadcaster.goto(`${station.address}/#/settings`);
    await goOn(broadcaster, "begin_windows");
    await broadcaster.getByRole("button", { name: say(settings.window_new) }).click();
    const form = broadcaster.getByRole("dialog");
    await form.getByLabel(say(settings.name), { exact: true }).fill(language === "vi" ? "Cả ngày" : "All day");
    await form.locator("#window-start").fill("00:00");
    await form.getByLabel(say(settings.end_of_day)).check();
    await form.getByRole("button", { name: say(common.save) }).click();
    await expect(form).toBeHidden();

    await broadcaster.goto(`${station.address}/#/settings`);
    await goOn(broadcaster, "begin_recording");
    await broadcaster.goto(`${station.address}/#/recordings/upload`);
    const file = { name: "chào.wav", mimeType: "audio/wav", buffer: tone(494, 4) };
    await broadcaster.locator(".drop input").setInputFiles(file);
    await broadcaster.getByRole("button", { name: say(uploads.send), exact: true }).click();
    await expect(broadcaster.getByText(say(uploads.phase_done))).toBeVisible();

    const leader = await arrive("approver");
    await leader.goto(`${station.address}/#/approvals`);
    await leader.getByRole("button", { name: say(approvals.approve_label, { title: "chào" }) }).click();
    await leader
      .getByRole("dialog")
      .getByRole("button", { name: say(approvals.unheard_yes) })
      .click();
    await expect(leader.getByText(say(approvals.approved, { title: "chào" }))).toBeVisible();

    await broadcaster.goto(`${station.address}/#/settings`);
    await expect(done(broadcaster, "begin_approval")).toBeVisible();
    await goOn(broadcaster, "begin_programme");
    await broadcaster.goto(`${station.address}/#/schedule/programmes/new`);
    await broadcaster.getByLabel(say(programme.name), { exact: true }).fill("Chào thôn");
    await broadcaster.getByRole("button", { name: /chào/ }).click();
    // every minute: whenever it is saved, the next one is near
    await broadcaster.getByRole("radio", { name: say(programme.cron) }).check();
    await broadcaster.getByRole("textbox", { name: say(programme.expression) }).fill("* * * * *");
    await broadcaster.getByRole("button", { name: say(programme.save) }).click();
    await expect(broadcaster).not.toHaveURL(/\/new$/);
    await broadcaster.goto(`${station.address}/#/today`);
    const last = broadcaster.getByRole("region", { name: say(today.last) });
    await expect(last.getByText("chào").first()).toBeVisible({ timeout: 240_000 });
    await expect.poll(() => station.heardSeconds(494), { timeout: 120_000 }).toBeGreaterThan(1);

    // the assistant has nothing more to say
    await expect(async () => {
      await broadcaster.goto(`${station.address}/#/today`);
      await broadcaster.goto(`${station.address}/#/settings`);
      await expect(broadcaster.getByRole("link", { name: say(settings.windows) })).toBeVisible();
      await expect(broadcaster.getByRole("heading", { name: say(settings.begin) })).toHaveCount(0, { timeout: 2_000 });
    }).toPass({ timeout: 120_000 });
  });
}
