import { expect, it } from "vitest";
import { add, type Start } from "./planned";

it("takes the next starts of what is looked for, planned or refused", () => {
  const at = (minute: number) => new Date(minute * 60_000).toISOString();
  const slot = (segment: string, minute: number) => ({ segment, start: at(minute), programme_name: "p" });
  const refusal = (segment: string, minute: number) => ({
    ...slot(segment, minute),
    code: "c",
    reason: "r",
    reason_vi: "v",
  });
  const plan = {
    slots: [slot("a", 30), slot("a", 5), slot("b", 20), slot("a", 40)],
    refusals: [refusal("a", 20)],
  } as unknown as Parameters<typeof add>[1];
  const found = new Map<string, Start[]>([["a", []]]);
  add(found, plan, 10 * 60_000, 2);
  expect([...found.keys()]).toEqual(["a"]);
  expect(found.get("a")!.map((start) => [start.at / 60_000, start.refused])).toEqual([
    [20, true],
    [30, false],
  ]);
});
