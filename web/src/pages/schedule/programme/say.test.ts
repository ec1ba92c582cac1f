import { describe, expect, it } from "vitest";
import { tongue } from "../../../words/index.svelte";
import { cronSaid, oftenSaid, saidOf } from "./say.svelte";
import { whenOf } from "./when";

describe("when it airs, in words", () => {
  it.each([
    ["0 5 * * *", "Mỗi ngày lúc 05:00"],
    ["0 5,17 * * Mon-Fri", "Thứ Hai đến Thứ Sáu hằng tuần lúc 05:00 và 17:00"],
    ["0 17 * * Mon,Wed", "Thứ Hai và Thứ Tư hằng tuần lúc 17:00"],
    ["0 8 1,L * *", "Ngày 1 và cuối cùng hằng tháng lúc 08:00"],
  ])("%s", (cron, said) => expect(saidOf(whenOf(cron))).toBe(said));

  it("says holidays with it", () =>
    expect(saidOf(whenOf("0 5 * * *"), "skip")).toBe("Mỗi ngày lúc 05:00, trừ ngày lễ"));

  it.each([
    ["30 * * * * *", "Mỗi phút một lần, ở giây thứ 30"],
    ["*/15 * * * *", "Cứ 15 phút một lần"],
    ["0 */2 * * *", "Cứ 2 giờ một lần, vào phút thứ 0"],
    ["0 17 * * Fri#2", "Thứ Sáu lần thứ 2 của mỗi tháng, lúc 17:00"],
    ["0 17 * * FriL", "Thứ Sáu cuối cùng của mỗi tháng, lúc 17:00"],
    ["0 17 13 * Fri", "Ngày 13 hằng tháng, chỉ khi rơi vào Thứ Sáu, lúc 17:00"],
    ["0 17 * 3 *", null],
    ["nonsense", null],
  ])("often written: %s", (cron, said) => expect(oftenSaid(cron)).toBe(said));

  it("counts days as the station does, in six fields and in five", async () => {
    tongue.language = "en";
    expect(await cronSaid("0 0 17 * 3 2")).toContain("Monday");
    expect(await cronSaid("0 17 * 3 2")).toContain("Tuesday");
    expect(await cronSaid("nonsense")).toBeNull();
    tongue.language = "vi";
  });
});
