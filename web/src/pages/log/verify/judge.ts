// What is wrong earliest in the file is what is said (docs/airing-log.md "The verdict"); a third reading of that page, beside
// `loaxa log verify` and evidence/tests/verify_log.py.
import { boundarySigned } from "./boundary";
import type { End, Flaw, Scanner } from "./scan";
import { type Head, isSigned, type Trust } from "./trust";

export type Verdict = "intact" | "altered" | "truncated" | "forked" | "resealed" | "cannot_tell";

export type Doubt =
  | "removed"
  | "starts_later"
  | "no_head"
  | "after_last_head"
  | "nothing_after"
  | "no_witness"
  | "after_last_witness"
  | "heads_before"
  | "unknown_signers"
  | "rest_unknown";

/** Why, as a word; `words/log.ts` has the sentences. */
export type Why =
  | Flaw
  | "boundary_lies"
  | "two_histories"
  | "other_hash"
  | "empty_with_heads"
  | "empty"
  | "one_line_cut"
  | "several_logs"
  | "other_log"
  | "other_key"
  | "two_hashes"
  | "begins_later"
  | "cut_off"
  | "head_beyond"
  | "damaged_note"
  | "removal_unknown"
  | "removal_unsigned"
  | "removal_untold";

export interface Report {
  verdict: Verdict;
  /** The first row that does not hold. */
  row: number | null;
  /** Of a chain that was sealed anew: where it may begin to differ. */
  since: number | null;
  why: Why | null;
  first: number | null;
  last: number | null;
  head: string | null;
  origin: string | null;
  /** What the last row says of its time. */
  at: string | null;
  doubts: Doubt[];
  /** Heads in the file that agree: who signed, up to which row. */
  signed: number | null;
  seen: { row: number; name: string; time: number } | null;
  /** A head beyond the end, a note's place: whatever number belongs to `why`. */
  number: number | null;
  /** Rows that the rule of retention removed before the file begins. */
  removed: { last: number; days: number } | null;
}

export function judge(scanner: Scanner, end: End, given: Trust): Report {
  const { boundary } = scanner;
  const signed = boundary ? (scanner.boundarySigned ?? boundarySigned(boundary, scanner.announced)) : null;
  const trust = given.withAnnounced(scanner.announced).withRemoval(boundary, signed);
  const report =
    boundary && signed === false
      ? say(scanner, "altered", boundary.last, null, "boundary_lies")
      : compare(scanner, end, trust, signed);
  return { ...report, removed: boundary ? { last: boundary.last, days: boundary.days } : null };
}

function say(
  { first, last, head, origin, at }: Scanner,
  verdict: Verdict,
  row: number | null = null,
  since: number | null = null,
  why: Why | null = null,
  number: number | null = null,
): Report {
  const known = first !== null;
  return {
    verdict,
    row,
    since,
    why,
    number,
    first,
    last: known ? last : null,
    head: known ? head : null,
    origin,
    at,
    doubts: ["rest_unknown"],
    signed: null,
    seen: null,
    removed: null,
  };
}

const largest = (numbers: number[]): number | null => (numbers.length > 0 ? Math.max(...numbers) : null);

function compare(scanner: Scanner, end: End, trust: Trust, removal: boolean | null): Report {
  const heads = trust.heads.filter((head) => scanner.origin === null || head.origin === scanner.origin);
  const origins = new Set(heads.map((head) => head.origin));
  const compared = origins.size > 1 ? [] : heads.filter((head) => scanner.found.has(head.size));
  const agreeing = compared.filter((head) => scanner.found.get(head.size) === head.hash);
  const against = compared.filter((head) => scanner.found.get(head.size) !== head.hash);
  const report = (...what: [Verdict, (number | null)?, (number | null)?, (Why | null)?, (number | null)?]) =>
    say(scanner, ...what);
  const since = (row: number) => {
    const before = largest(agreeing.map((head) => head.size).filter((size) => size < row));
    return Math.min(row, (before ?? (scanner.first ?? 1) - 1) + 1);
  };

  const forked = against.filter(
    (head) => head.byStation && agreeing.some((other) => other.byStation && other.size >= head.size),
  );
  if (forked.length > 0) {
    const row = Math.min(...forked.map((head) => head.size));
    return report("forked", row, since(row), "two_histories");
  }
  if (against.length > 0) {
    const row = Math.min(...against.map((head) => head.size));
    return report("resealed", row, since(row), "other_hash", row);
  }
  if (end.kind === "broken") return report("altered", end.row, null, end.flaw);
  if (end.kind === "no_row") {
    if (end.flaw === null && heads.length > 0) return report("truncated", 1, null, "empty_with_heads");
    return report("cannot_tell", null, null, end.flaw ?? "empty");
  }
  if (end.kind === "cut_off" && scanner.first === null && heads.length === 0) {
    return report("cannot_tell", null, null, "one_line_cut");
  }
  if (origins.size > 1) return report("cannot_tell", null, null, "several_logs");
  const { origin } = scanner;
  const somebody = trust.heads.length > 0 || trust.stations.size > 0;
  if (origin && heads.length === 0 && somebody && !trust.stations.has(origin)) {
    return report("resealed", 1, 1, "other_log");
  }
  if (compared.length === 0 && [...trust.otherKey].some((name) => origin === null || origin === name)) {
    return report("resealed", 1, 1, "other_key");
  }
  const double = twice(heads);
  if (double !== null) return report("forked", double, 1, "two_hashes", double);
  if (trust.whole && (scanner.first ?? 1) > 1 && !scanner.boundary) {
    return report("truncated", 1, null, "begins_later", scanner.first);
  }
  if (end.kind === "cut_off") return report("truncated", scanner.last + 1, null, "cut_off");
  const beyond = largest(heads.map((head) => head.size)) ?? 0;
  if (beyond > scanner.last) return report("truncated", scanner.last + 1, null, "head_beyond", beyond);
  if (trust.damaged.length > 0) return report("cannot_tell", null, null, "damaged_note", trust.damaged[0]);
  const missing = unproven(scanner, removal, trust);
  if (missing) return report(...missing);
  return { ...report("intact"), ...vouched(compared), doubts: doubts(scanner, heads, compared, trust) };
}

/** The first row of which the station's key signed two hashes. */
function twice(heads: Head[]): number | null {
  const byStation = heads.filter((head) => head.byStation);
  const double = byStation.find((head) => byStation.some((other) => other !== head && other.size === head.size));
  return double?.size ?? null;
}

/** Why the rows before the file are missing rather than removed; null where they are not. */
function unproven(scanner: Scanner, signed: boolean | null, trust: Trust): [Verdict, number | null, null, Why] | null {
  const { boundary } = scanner;
  if (!boundary) return null;
  if (signed === null && !trust.stations.has(boundary.origin)) return ["cannot_tell", null, null, "removal_unknown"];
  if (!signed) return ["truncated", 1, null, "removal_unsigned"];
  if (scanner.toldBy === null) return ["truncated", 1, null, "removal_untold"];
  return null;
}

function vouched(compared: Head[]): Pick<Report, "signed" | "seen"> {
  const last = compared.filter((head) => head.seen.size > 0).at(-1);
  const witness = last && [...last.seen][0];
  return {
    signed: largest(compared.filter((head) => head.byStation).map((head) => head.size)),
    seen: last && witness ? { row: last.size, name: witness[0], time: witness[1] } : null,
  };
}

/** What cannot be concluded from what was given; docs/airing-log.md "What is not provable". */
function doubts(scanner: Scanner, heads: Head[], compared: Head[], trust: Trust): Doubt[] {
  const { last, boundary } = scanner;
  const signed = largest(compared.filter(isSigned).map((head) => head.size));
  const seen = largest(compared.filter((head) => head.seen.size > 0).map((head) => head.size));
  const before = heads.some((head) => isSigned(head) && !scanner.found.has(head.size));
  const removed = boundary !== null && (trust.readUntil.get(boundary.origin) ?? 0) < boundary.last;
  const found: [Doubt, boolean][] = [
    ["removed", removed],
    ["starts_later", (scanner.first ?? 1) > 1 && !boundary],
    ["no_head", signed === null],
    ["after_last_head", signed !== null && signed < last],
    ["nothing_after", true],
    ["no_witness", signed !== null && seen === null],
    ["after_last_witness", seen !== null && seen < last],
    ["heads_before", before],
    ["unknown_signers", trust.unknown > 0],
  ];
  return found.filter(([, holds]) => holds).map(([doubt]) => doubt);
}
