// Bringing recordings to the station and deciding on them: a broadcaster's job and a leader's, each with a phone.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessible, expect, fits, NAMES, PHONE, test, tone } from "./station";

const RECORDINGS = "#/recordings/upload";

interface Segment {
  id: string;
  title: string;
  state: string;
  class: string;
  valid_until: string | null;
  approved_by: string | null;
  approval_note: string | null;
  uploaded_by: string;
}
const wav = (name: string, sound: Buffer) => ({ name, mimeType: "audio/wav", buffer: sound });

test("a broadcaster uploads two files, a leader approves one and returns the other", async ({ station, open }) => {
  const broadcaster = await open("broadcaster", PHONE);
  await broadcaster.goto(`${station.address}/${RECORDINGS}`);
  await broadcaster
    .locator(".drop input")
    .setInputFiles([wav("tin_buổi_chiều.wav", tone(440, 3)), wav("thông báo.wav", tone(660, 2))]);
  const rows = broadcaster.getByRole("article");
  await expect(rows).toHaveCount(2);
  // the title is there already; the rest is a choice
  await expect(rows.first().getByLabel("Tiêu đề")).toHaveValue("tin buổi chiều");
  await rows.first().getByLabel("Loại bản tin").selectOption("priority");
  await rows.first().getByText("Thời hạn, nguồn, nhạc").click();
  await rows.first().getByLabel("Phát đến hết ngày").fill("2099-12-31");
  await fits(broadcaster);
  await accessible(broadcaster);
  await broadcaster.getByRole("button", { name: "Tải lên 2 tệp" }).click();
  await expect(broadcaster.getByText("Đã lên đài, chờ duyệt.")).toHaveCount(2);

  const { items } = await station.ask<{ items: Segment[] }>("approver", "GET", "/segments");
  const first = items.find(({ title }) => title === "tin buổi chiều")!;
  const second = items.find(({ title }) => title === "thông báo")!;
  expect(first).toMatchObject({ class: "priority", valid_until: "2099-12-31", uploaded_by: NAMES.broadcaster });

  const leader = await open("approver", PHONE);
  await leader.goto(`${station.address}/#/approvals/${first.id}`);
  await expect(leader.getByRole("heading", { name: "tin buổi chiều" })).toBeVisible();
  // not heard yet: the page asks
  await leader.getByRole("button", { name: "Duyệt cho phát “tin buổi chiều”" }).click();
  await expect(leader.getByRole("dialog")).toContainText("Bạn chưa nghe bản ghi");
  await leader.getByRole("button", { name: "Thôi" }).click();
  await leader.getByRole("button", { name: "Nghe “tin buổi chiều”" }).click();
  await expect(leader.getByText(/0:03\s\/\s0:03/)).toBeVisible();
  await accessible(leader);
  await leader.getByRole("button", { name: "Duyệt cho phát “tin buổi chiều”" }).click();
  await expect(leader.getByText("Đã duyệt “tin buổi chiều”.")).toBeVisible();

  // the next one is there at once
  await leader.getByRole("button", { name: "Trả lại “thông báo” kèm lý do" }).click();
  await leader.getByRole("textbox", { name: "Lý do" }).fill("Đọc sai tên thôn");
  await leader.getByRole("dialog").getByRole("button", { name: "Trả lại" }).click();
  await expect(leader.getByText("Đã duyệt hết. Cảm ơn bạn!")).toBeVisible();
  const read = (id: string) => station.ask<Segment>("approver", "GET", `/segments/${id}`);
  expect(await read(first.id)).toMatchObject({ state: "approved", approved_by: NAMES.approver });
  expect(await read(second.id)).toMatchObject({ state: "rejected", approval_note: "Đọc sai tên thôn" });

  await broadcaster.goto(`${station.address}/#/recordings/${second.id}`);
  await expect(broadcaster.getByText("Lý do: Đọc sai tên thôn")).toBeVisible();
  await expect(broadcaster.getByText(`${NAMES.approver} trả lại.`)).toBeVisible();
  await fits(broadcaster);
  await accessible(broadcaster);
});

test("an upload goes on after the station was killed and the page was loaded again", async ({ station, open }) => {
  const page = await open("broadcaster", PHONE);
  // more than two pieces, each of 2 MiB; a file on a disk, because its time of change is part of what it is known by
  const file = join(station.home, "dài.wav");
  writeFileSync(file, tone(440, 60));
  await page.goto(`${station.address}/${RECORDINGS}`);
  let pieces = 0;
  let dead: Promise<void> | null = null;
  await page.route("**/api/v1/uploads/*", async (route) => {
    if (route.request().method() !== "PATCH") return route.continue();
    pieces += 1;
    // the first piece is kept; in the second one the power goes
    if (pieces === 1) return route.continue();
    await (dead ??= station.kill());
    return route.abort("connectionreset");
  });
  await page.locator(".drop input").setInputFiles(file);
  await page.getByRole("button", { name: "Tải lên", exact: true }).click();
  await expect.poll(() => dead).not.toBeNull();
  await dead;
  await station.start();

  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await expect(page.getByRole("heading", { name: "Chưa tải xong" })).toBeVisible();
  await expect(page.getByText("“dài”: đã gửi 36%.")).toBeVisible();
  await page.unroute("**/api/v1/uploads/*");
  const offsets: number[] = [];
  page.on("request", (request) => {
    if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"]));
  });
  await page.locator("section.warn input").setInputFiles(file);
  await expect(page.getByText("Đã lên đài, chờ duyệt.")).toBeVisible();
  expect(offsets[0]).toBe(2 * 1024 * 1024);
  const { items } = await station.ask<{ items: Segment[] }>("broadcaster", "GET", "/segments");
  expect(items.map(({ title, state }) => [title, state])).toEqual([["dài", "awaiting_approval"]]);
});

test("what is no recording is refused with a remedy", async ({ station, open }) => {
  const page = await open("broadcaster", PHONE, "en");
  await page.goto(`${station.address}/${RECORDINGS}`);
  const picture = readFileSync(new URL("../public/icon-192.png", import.meta.url));
  await page.locator(".drop input").setInputFiles({ name: "tin.mp3", mimeType: "audio/mpeg", buffer: picture });
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await expect(page.getByText("The station did not take this file.")).toBeVisible();
  await expect(page.getByText(/picture/)).toBeVisible();
});

test("a recording is made in the browser, listened to and sent", async ({ station, open }) => {
  const page = await open("broadcaster", PHONE);
  await page.goto(`${station.address}/#/recordings/record`);
  await page.getByRole("button", { name: "Bắt đầu thu" }).click();
  await expect(page.locator("main .clock")).not.toHaveText(/^0:0[01]$/);
  await accessible(page);
  await page.getByRole("button", { name: "Thu xong" }).click();
  await page.getByLabel("Tiêu đề").fill("Thông báo mất nước");
  await page.getByRole("button", { name: /^Nghe/ }).click();
  await expect(page.getByRole("button", { name: "Tạm ngừng" })).toBeVisible();
  await page.getByRole("button", { name: "Tải lên", exact: true }).click();
  await expect(page.getByText("Đã lên đài, chờ duyệt.")).toBeVisible();
  await page.getByRole("link", { name: "Nghe và xem" }).click();
  await expect(page.getByRole("heading", { name: "Thông báo mất nước" })).toBeVisible();
});
