import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { utf8 } from "./bytes";
import { COSIGNATURE, Key, NOTE } from "./key";
import {
  collector,
  cosignedLine,
  head,
  headText,
  judgeBytes,
  log,
  resealed,
  sealed,
  SEEN,
  signedLine,
  signer,
  station,
  verdictOn,
  witnessed,
  written,
} from "./lab";
import { anew, both, CASES, heads, rows } from "./cases";
import { readNotes } from "./note";
import { NONE_BEFORE } from "./row";
import { Trust } from "./trust";

// a slow machine is no fault of what is tested
vi.setConfig({ testTimeout: 300_000 });

const page = readFileSync(new URL("../../../../../docs/airing-log.md", import.meta.url), "utf8");
describe("the verdict", () => {
  it.each(CASES.map(([verdict, row, since, it]) => ({ verdict, row, since, it, what: it.what })))(
    "is $verdict of: $what",
    ({ verdict, row, since, it }) => {
      const report = verdictOn(it);
      expect(report).toMatchObject({ verdict, row, since });
      expect(report.doubts.includes("rest_unknown")).toBe(verdict !== "intact");
      // however the bytes come in
      expect(verdictOn(it, 7)).toEqual(report);
    },
  );

  it("says who vouches for how much, and what nobody does", () => {
    const report = verdictOn({ what: "", file: written(rows), keys: both, notes: heads.fifty + head(rows) });
    expect(report).toMatchObject({ signed: 60, seen: { row: 50, name: collector.key.name, time: SEEN } });
    expect(report.doubts).toEqual(["nothing_after", "after_last_witness"]);
    expect(verdictOn({ what: "", file: written(rows), keys: [] }).doubts).toEqual(["no_head", "nothing_after"]);
  });

  it("holds an older export against a newer one", () => {
    const trust = () => {
      const trust = new Trust([station.key]);
      trust.addOlder({ origin: station.key.name, first: 1, last: 40, hash: rows[39]!.hash });
      return trust;
    };
    expect(judgeBytes(utf8(written(rows)), trust())).toMatchObject({ verdict: "intact" });
    expect(judgeBytes(utf8(written(anew)), trust())).toMatchObject({ verdict: "resealed", row: 40, since: 1 });
    expect(judgeBytes(utf8(written(rows.slice(0, 30))), trust())).toMatchObject({ verdict: "truncated", row: 31 });
  });
});

describe("the vectors of docs/airing-log.md", () => {
  const row = sealed(1, "2026-11-30T10:00:00Z", "log_begins", '{"log":"00"}', NONE_BEFORE);
  const one = signer("loaxa/00", NOTE, 1);
  const seer = signer("collector.example", COSIGNATURE, 2);
  const text = headText([row], "", "loaxa/00");
  const signed = `${text}\n${signedLine(text, one)}`;
  const seen = signed + cosignedLine(text, seer, 1_796_000_000);

  it.each([row.hash, JSON.stringify(row), one.key.text, seer.key.text, signed, seen])(
    "are what comes out: %s",
    (made) => expect(page).toContain(made),
  );

  it("are believed", () => {
    const trust = new Trust([one.key, seer.key], readNotes(seen));
    expect(judgeBytes(utf8(`${JSON.stringify(row)}\n`), trust)).toMatchObject({
      verdict: "intact",
      signed: 1,
      seen: { name: "collector.example", time: 1_796_000_000 },
    });
  });

  it.each(["", "loaxa/00", "loaxa/00+b2155689+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c", `x ${one.key.text}`])(
    "have no key in %j",
    (text) => expect(() => new Key(text)).toThrow(),
  );
});

describe("of a log whose head is known, is found", () => {
  const few = log(5);
  const trust = new Trust(
    both.map(({ key }) => key),
    readNotes(witnessed(few)),
    true,
  );
  const file = utf8(written(few));

  it("every changed bit", () => {
    const missed: string[] = [];
    for (let at = 0; at < file.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        file[at]! ^= 1 << bit;
        if (judgeBytes(file, trust).verdict === "intact") missed.push(`${at}/${bit}`);
        file[at]! ^= 1 << bit;
      }
    }
    expect(missed).toEqual([]);
    expect(judgeBytes(file, trust).verdict).toBe("intact");
  });

  it("every end that is missing", () => {
    for (let length = 0; length < file.length; length++) {
      expect(judgeBytes(file.subarray(0, length), trust).verdict, String(length)).not.toBe("intact");
    }
  });

  it("every row that is left out, doubled or moved, sealed anew or not", () => {
    for (let place = 0; place < few.length; place++) {
      const without = few.filter((_, at) => at !== place);
      const twice = few.flatMap((row, at) => (at === place ? [row, row] : [row]));
      const moved = [...without.slice(0, 1), few[place]!, ...without.slice(1)];
      for (const rows of [without, twice, ...(place === 1 ? [] : [moved])]) {
        expect(judgeBytes(utf8(written(rows)), trust).verdict).not.toBe("intact");
        // one more at the end, sealed anew, is a log that grew
        if (rows === twice && place === few.length - 1) continue;
        expect(judgeBytes(utf8(written(resealed(rows, 0, () => ({})))), trust).verdict).not.toBe("intact");
      }
    }
  });
});
