import { expect, it } from "vitest";
import { titleOf } from "./titles";

it.each([
  ["TB_tiem-phong  (2).MP3", "TB tiem-phong"],
  ["Bản tin 22.11.mp3", "Bản tin 22.11"],
  ["thông_báo\u0000.m4a", "thông báo"],
  ["không đuôi", "không đuôi"],
  ["Tie\u0302\u0301ng.wav", "Tiếng"],
  [`${"ă".repeat(300)}.mp3`, "ă".repeat(200)],
  [".mp3", ""],
])("a title from %j", (name, title) => expect(titleOf(name)).toBe(title));
