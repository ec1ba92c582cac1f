// Logs that forgot their first rows: what the rule of retention removed is told from what somebody took away. The cases of
// evidence/tests/forgotten.rs, of which the two other programs say the same.
import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { boundarySigned, looksLikeBoundary, readBoundary } from "./boundary";
import { utf8 } from "./bytes";
import { NOTE } from "./key";
import {
  boundaryLine,
  type Case,
  collector,
  head,
  judgeBytes,
  log,
  resealed,
  rotated,
  rotation,
  sealed,
  signer,
  station,
  telling,
  verdictOn,
  witnessed,
  written,
} from "./lab";
import { readNotes } from "./note";
import { NONE_BEFORE, type Row } from "./row";
import { Trust } from "./trust";

// a slow machine is no fault of what is tested
vi.setConfig({ testTimeout: 300_000 });

/** Rows; the last that is gone; the row that tells of it. */
const [ROWS, GONE, TOLD] = [60, 20, 45];
const bare = log(ROWS);
const rows = telling(bare, TOLD, bare.slice(0, GONE));
const line = boundaryLine(rows.slice(0, GONE));
const after = (boundary: string, kept: Row[]): string => `${boundary}\n${written(kept)}`;
const file = after(line, rows.slice(GONE));
const end = witnessed(rows);
const [both, ours] = [[station, collector], [station]];
const thief = signer(station.key.name, NOTE, 9);
const second = signer(`loaxa/${"f".repeat(32)}`, NOTE, 5);
// never said that anything was removed
const unsaid = resealed([...rows.slice(0, TOLD - 1), ...rows.slice(TOLD)], TOLD - 1, () => ({}));
// taken away, with a row that says so written by whoever did
const taken = rows.slice(0, 30);
const forged = [...rows, telling([...rows, rows.at(-1)!], ROWS + 1, taken)[ROWS]!];
const headAsBoundary = (note: string, size: number): string =>
  after(JSON.stringify({ boundary: size, note }), rows.slice(size));
const others = resealed(rows.slice(0, 30), 25, () => ({ body: "{}" }));
const longer = [...rows, sealed(ROWS + 1, rows.at(-1)!.at, "end", "{}", rows.at(-1)!.hash)];
const strange = resealed(rows.slice(0, GONE), 3, () => ({ body: "{}" }));

const CASES: [verdict: string, it: Case, doubts?: string[]][] = [
  ["intact", { what: "everything", file, keys: both, notes: end }, ["removed", "nothing_after"]],
  [
    "intact",
    { what: "the key alone", file, keys: ours, notes: "" },
    ["removed", "after_last_head", "nothing_after", "no_witness"],
  ],
  ["cannot_tell", { what: "no key", file, keys: [] }],
  ["cannot_tell", { what: "a collector's key alone", file, keys: [collector], notes: end }],
  ["resealed", { what: "another station's key", file, keys: [second] }],
  ["resealed", { what: "another key under the name", file, keys: [thief] }],
  ["truncated", { what: "the boundary cut off", file: written(rows.slice(GONE)), keys: both, notes: end }],
  ["altered", { what: "the row after it gone", file: after(line, rows.slice(GONE + 1)), keys: both, notes: end }],
  ["altered", { what: "a row of before put in", file: after(line, rows.slice(GONE - 1)), keys: both, notes: end }],
  ["truncated", { what: "the end cut off", file: after(line, rows.slice(GONE, 50)), keys: both, notes: end }],
  ["truncated", { what: "cut off before it is told", file: after(line, rows.slice(GONE, 40)), keys: ours }],
  ["truncated", { what: "never told", file: after(line, unsaid.slice(GONE)), keys: ours }],
  ["truncated", { what: "never told, and heads", file: after(line, unsaid.slice(GONE)), keys: both, notes: end }],
  ["truncated", { what: "nothing but the boundary", file: after(line, []), keys: ours }],
  ["altered", { what: "another rule", file: file.replace("pruned 1 400", "pruned 1 401"), keys: both, notes: end }],
  ["altered", { what: "a head is no boundary", file: headAsBoundary(witnessed(taken), 30), keys: both, notes: end }],
  ["altered", { what: "nor is that of the station", file: headAsBoundary(head(taken), 30), keys: both, notes: end }],
  [
    "resealed",
    {
      what: "by a thief",
      file: after(boundaryLine(rows.slice(0, GONE), thief), rows.slice(GONE)),
      keys: ours,
    },
  ],
  [
    "truncated",
    {
      what: "by a thief, and heads",
      file: after(boundaryLine(rows.slice(0, GONE), thief), rows.slice(GONE)),
      keys: both,
      notes: end,
    },
  ],
  ["resealed", { what: "more taken away", file: after(boundaryLine(taken, thief), forged.slice(30)), keys: ours }],
  [
    "truncated",
    {
      what: "more taken away, and heads",
      file: after(boundaryLine(taken, thief), forged.slice(30)),
      keys: both,
      notes: end,
    },
  ],
  [
    "truncated",
    { what: "signed, and of other rows", file: after(boundaryLine(taken), rows.slice(30)), keys: both, notes: end },
  ],
  ["altered", { what: "two boundaries", file: `${line}\n${file}`, keys: both, notes: end }],
  [
    "altered",
    { what: "the boundary in the middle", file: written(rows.slice(0, GONE)) + file, keys: both, notes: end },
  ],
  // rows that a row `pruned` speaks of may be there all the same: an export of before and one of after, put together
  ["intact", { what: "all of it", file: written(rows), keys: both, notes: end }],
  ["intact", { what: "a head of what is gone", file, keys: both, notes: witnessed(rows.slice(0, 9)) }],
  ["forked", { what: "another head of the last that is gone", file, keys: both, notes: witnessed(strange) }],
  ["intact", { what: "an older export", file, keys: both, notes: end, older: [written(taken)] }, ["nothing_after"]],
  [
    "intact",
    { what: "one that meets the boundary", file, keys: both, notes: end, older: [written(rows.slice(0, GONE))] },
    ["nothing_after"],
  ],
  [
    "intact",
    { what: "one that does not", file, keys: both, notes: end, older: [written(rows.slice(0, 9))] },
    ["removed", "nothing_after"],
  ],
  ["resealed", { what: "one of another history", file, keys: both, notes: end, older: [written(others)] }],
  ["truncated", { what: "one that is longer", file, keys: both, notes: end, older: [written(longer)] }],
];

describe("the verdict on a log that forgot", () => {
  it.each(CASES.map(([verdict, it, doubts]) => ({ verdict, it, doubts, what: it.what })))(
    "is $verdict of: $what",
    ({ verdict, it, doubts }) => {
      const report = verdictOn({ ...it, whole: true });
      expect(report.verdict).toBe(verdict);
      if (doubts) expect(report.doubts).toEqual(doubts);
      // however the bytes come in
      expect(verdictOn({ ...it, whole: true }, 7)).toEqual(report);
    },
  );

  it("says how much is gone, and by which rule", () => {
    expect(verdictOn({ what: "", file, keys: both, notes: end }).removed).toEqual({ last: GONE, days: 400 });
    expect(verdictOn({ what: "", file: written(rows), keys: both, notes: end }).removed).toBeNull();
  });

  it("finds every changed bit of the boundary", () => {
    const bytes = utf8(file);
    const trust = new Trust(
      both.map(({ key }) => key),
      readNotes(end),
      true,
    );
    const missed: string[] = [];
    for (let at = 0; at < line.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at]! ^= 1 << bit;
        if (judgeBytes(bytes, trust).verdict === "intact") missed.push(`${at}/${bit}`);
        bytes[at]! ^= 1 << bit;
      }
    }
    expect(missed).toEqual([]);
    expect(judgeBytes(bytes, trust).verdict).toBe("intact");
  });
});

describe("one removal after the other", () => {
  const gone = rows.slice(0, 50);
  const later = telling(rows, 58, gone, GONE + 1);
  const [oldest, middle] = [written(rows.slice(0, 30)), after(line, rows.slice(GONE, 55))];
  const newest = after(boundaryLine(gone, station, GONE + 1), later.slice(50));
  const removed = ["removed", "nothing_after", "no_witness"];
  it.each([
    ["nothing older", removed, []],
    ["the last one", removed, [middle]],
    ["both", removed.slice(1), [oldest, middle]],
    ["the first one, which ends too early", removed, [oldest]],
  ] as [string, string[], string[]][])("is reached back over with %s", (what, doubts, older) => {
    const report = verdictOn({ what, file: newest, keys: ours, notes: head(later), whole: true, older });
    expect(report).toMatchObject({ verdict: "intact", doubts });
  });
});

describe("a key that removed rows announced", () => {
  const [next, stranger] = [signer(station.key.name, NOTE, 6), thief];
  const all = rotated(ROWS - 1, 10, station, next);
  const gone = all.slice(0, GONE);
  const right = rotation(all.slice(0, 10), station, next);
  const wrong = rotation(all.slice(0, 10), stranger, next);
  it.each([
    ["intact", "as it was", [right]],
    ["intact", "beside others", [wrong, right, "no note"]],
    ["resealed", "not said", []],
    ["resealed", "by a thief", [wrong]],
  ] as [string, string, string[]][])("is %s: %s", (verdict, what, keys) => {
    const said = telling(all, TOLD, gone, 1, keys);
    const notes = head(said.slice(0, 50), next);
    const it = { what, file: after(boundaryLine(gone, next), said.slice(GONE)), keys: ours, notes };
    expect(verdictOn(it).verdict).toBe(verdict);
  });
});

describe("the boundary of docs/airing-log.md", () => {
  const page = readFileSync(new URL("../../../../../docs/airing-log.md", import.meta.url), "utf8");
  const one = signer("loaxa/00", NOTE, 1);
  const known = page.split("\n").find((text) => text.startsWith('{"boundary":'))!;

  it("is read, and believed by its key alone", () => {
    expect(looksLikeBoundary(utf8(known))).toBe(true);
    const boundary = readBoundary(utf8(known))!;
    const row = sealed(1, "2026-11-30T10:00:00Z", "log_begins", '{"log":"00"}', NONE_BEFORE);
    expect(boundary).toMatchObject({ origin: "loaxa/00", first: 1, last: 1, hash: row.hash, days: 400 });
    expect(boundarySigned(boundary, [one.key])).toBe(true);
    expect(boundarySigned(boundary, [signer("loaxa/00", NOTE, 9).key])).not.toBe(true);
    expect(boundarySigned(boundary, [])).toBeNull();
  });

  it.each([
    ["another last row", known.replace('{"boundary":1', '{"boundary":2')],
    ["a member more", known.replace(/}$/, ',"x":1}')],
    ["a space more", known.replace('"note":', '"note": ')],
    ["no days", known.replace("pruned 1 400", "pruned 1")],
    ["days that no board counts", known.replace("pruned 1 400", "pruned 1 4294967296")],
    ["a first row after the last", known.replace("pruned 1 400", "pruned 2 400")],
    ["a number with a zero before it", known.replace("pruned 1 400", "pruned 01 400")],
    ["two signatures", known.replace(/(\u2014 [^\\]*\\n)"/, '$1$1"')],
  ])("is none with %s", (_, text) => {
    expect(text).not.toBe(known);
    expect(readBoundary(utf8(text))).toBeNull();
  });
});
