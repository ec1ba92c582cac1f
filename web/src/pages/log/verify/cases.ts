// Kinds of files and evidence, with the verdict on each: what evidence/tests/second_opinion.rs asks of the two other programs.
import { NOTE } from "./key";
import {
  type Case,
  collector,
  cosignedLine,
  head,
  headText,
  log,
  lying,
  resealed,
  rotated,
  SEEN,
  signedLine,
  signer,
  station,
  witnessed,
  written,
} from "./lab";

export const rows = log(60);
export const both = [station, collector];
const thief = signer(station.key.name, NOTE, 9);
const second = signer(`loaxa/${"f".repeat(32)}`, NOTE, 5);
export const anew = resealed(rows, 24, () => ({ body: "{}" }));
const changed = rows.map((row, place) => (place === 30 ? { ...row, at: `${row.at}0` } : row));
export const heads = {
  whole: witnessed(rows),
  twenty: witnessed(rows.slice(0, 20)),
  fifty: witnessed(rows.slice(0, 50)),
};
const next = signer(station.key.name, NOTE, 6);
const again = signer(station.key.name, NOTE, 7);
const turned = rotated(60, 20, station, next);
const usurped = rotated(60, 20, thief, next);
const other = resealed(turned, 40, () => ({ body: "{}" }));
const ofBoth = head(turned.slice(0, 20)) + head(turned, next);
const foreign = headText(rows, "", second.key.name);

/** Verdict, row, since. */
export const CASES: [string, number | null, number | null, Case][] = [
  ["intact", null, null, { what: "nothing but the file", file: written(rows), keys: [] }],
  ["intact", null, null, { what: "everything", file: written(rows), keys: both, notes: heads.twenty + heads.whole }],
  [
    "intact",
    null,
    null,
    { what: "a head in the middle", file: written(rows), keys: both, notes: head(rows.slice(0, 20)) },
  ],
  ["intact", null, null, { what: "notes and no key", file: written(rows), keys: [], notes: heads.whole }],
  [
    "intact",
    null,
    null,
    { what: "the collector's key alone", file: written(rows), keys: [collector], notes: heads.whole },
  ],
  [
    "intact",
    null,
    null,
    {
      what: "a part",
      file: written(rows.slice(10)),
      keys: both,
      notes: witnessed(rows.slice(0, 10)) + witnessed(rows.slice(0, 5)),
    },
  ],
  ["altered", 31, null, { what: "changed", file: written(changed), keys: both, notes: heads.whole }],
  ["truncated", 41, null, { what: "cut", file: written(rows.slice(0, 40)), keys: both, notes: heads.fifty }],
  ["truncated", 1, null, { what: "nothing left", file: "", keys: both, notes: heads.fifty }],
  ["cannot_tell", null, null, { what: "nothing at all", file: "", keys: [] }],
  ["resealed", 50, 21, { what: "anew", file: written(anew), keys: both, notes: heads.twenty + heads.fifty }],
  ["intact", null, null, { what: "anew and unseen", file: written(anew), keys: both, notes: heads.twenty }],
  [
    "forked",
    30,
    1,
    { what: "forked", file: written(anew), keys: both, notes: witnessed(rows.slice(0, 30)) + head(anew) },
  ],
  [
    "forked",
    60,
    1,
    { what: "forked elsewhere", file: written(rows.slice(0, 9)), keys: both, notes: heads.whole + head(anew) },
  ],
  ["resealed", 1, 1, { what: "another key", file: written(rows), keys: both, notes: head(rows, thief) }],
  ["resealed", 1, 1, { what: "another log", file: written(rows), keys: [second] }],
  ["intact", null, null, { what: "two stations", file: written(rows), keys: [second, station], notes: head(rows) }],
  [
    "cannot_tell",
    null,
    null,
    {
      what: "a part of which of two",
      file: written(rows.slice(3)),
      keys: [second, station],
      notes: `${headText(rows.slice(0, 9), "", second.key.name)}\n${signedLine(headText(rows.slice(0, 9), "", second.key.name), second)}${head(rows)}`,
    },
  ],
  [
    "intact",
    null,
    null,
    {
      what: "a station of another log",
      file: written(rows),
      keys: both,
      notes: `${foreign}\n${signedLine(foreign, station)}`,
    },
  ],
  ["cannot_tell", null, null, { what: "a lie", file: written(rows), keys: both, notes: lying(head(rows)) }],
  ["cannot_tell", null, null, { what: "another time", file: written(rows), keys: both, notes: lying(heads.whole) }],
  [
    "cannot_tell",
    null,
    null,
    { what: "half a note", file: written(rows), keys: both, notes: heads.whole.slice(0, 150) },
  ],
  ["cannot_tell", null, null, { what: "no note", file: written(rows), keys: both, notes: "hello\n" }],
  ["intact", null, null, { what: "a new key", file: written(turned), keys: both, notes: ofBoth }],
  [
    "intact",
    null,
    null,
    { what: "a new key alone", file: written(turned), keys: [station], notes: head(turned, next) },
  ],
  [
    "intact",
    null,
    null,
    {
      what: "a new key, countersigned",
      file: written(turned),
      keys: both,
      notes: head(turned, next) + cosignedLine(headText(turned), collector, SEEN),
    },
  ],
  [
    "intact",
    null,
    null,
    { what: "a new key and the last one known", file: written(turned), keys: [next], notes: ofBoth },
  ],
  [
    "truncated",
    51,
    null,
    { what: "a new key, and cut off", file: written(turned.slice(0, 50)), keys: both, notes: ofBoth },
  ],
  [
    "resealed",
    60,
    1,
    { what: "a new key that signed another history", file: written(other), keys: both, notes: head(turned, next) },
  ],
  [
    "forked",
    45,
    1,
    {
      what: "a new key that signed two",
      file: written(other),
      keys: both,
      notes: head(turned.slice(0, 45), next) + head(other, next),
    },
  ],
  [
    "resealed",
    1,
    1,
    { what: "a new key that nobody announced", file: written(rows), keys: both, notes: head(rows, next) },
  ],
  [
    "resealed",
    1,
    1,
    { what: "a new key that a thief announced", file: written(usurped), keys: both, notes: head(usurped, next) },
  ],
  [
    "resealed",
    1,
    1,
    { what: "a new key after the announced one", file: written(turned), keys: both, notes: head(turned, again) },
  ],
  [
    "resealed",
    1,
    1,
    {
      what: "a new key, announced before the part",
      file: written(turned.slice(30)),
      keys: both,
      notes: head(turned, next),
    },
  ],
  [
    "cannot_tell",
    null,
    null,
    { what: "a new key that did not sign", file: written(turned), keys: both, notes: lying(head(turned, next)) },
  ],
  ["cannot_tell", null, null, { what: "no export", file: "hello\n", keys: [] }],
  ["cannot_tell", null, null, { what: "half a line", file: written(rows).slice(0, 50), keys: [] }],
  ["altered", 1, null, { what: "a line too many", file: `{}\n${written(rows)}`, keys: [] }],
  ["altered", 2, null, { what: "an empty line", file: written(rows).replace("\n", "\n\n"), keys: [] }],
  ["cannot_tell", null, null, { what: "other line ends", file: written(rows).replaceAll("\n", "\r\n"), keys: [] }],
  ["truncated", 60, null, { what: "no end", file: written(rows).trimEnd(), keys: [] }],
  ["truncated", 1, null, { what: "a part of what must be whole", file: written(rows.slice(1)), keys: [], whole: true }],
];
