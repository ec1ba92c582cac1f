// The columns of a week are narrow: what would be drawn side by side in one of them is one group there, which lists its
// blocks.
import { addDays, addSeconds, secondsBetween } from "../../lib/civil";
import { type Block, type Kind, worst } from "./blocks";

/** How high time is drawn. */
export interface Scale {
  seconds: number;
  pixels: number;
}

/** A line of a group, in pixels from its top: the time of those below it, one block, or how many more there are. */
export type Line =
  | { top: number; from: string; to: string }
  | { top: number; block: Block }
  | { top: number; more: Block[]; kind: Kind };

export interface Group {
  key: string;
  /** In the order of their starts, never empty. */
  blocks: Block[];
  /** The worst of them: a group does not hide what will not air. */
  kind: Kind;
  civil: string;
  /** As long as it is drawn: so that its lines have room, that may be longer than what it lists. */
  seconds: number;
  /** Of a block by itself none. */
  lines: Line[];
}

/** Heights in pixels, as the style has them. */
export const HEADING = 18;
export const LINE = 20;
/** Above the first line and below the last one. */
export const EDGE = 3;
/** So high a group becomes for its lines' sake; higher only for what it lists. */
const MOST = 2 * EDGE + HEADING + 10 * LINE;
/** What begins within so many seconds stands under one time. */
const NEAR = 10 * 60;
/** A block by itself has room for its time and its name where nothing follows soon. */
const TWO_LINES = HEADING + LINE + 2 * EDGE;

interface Heading {
  top: number;
  blocks: Block[];
}

interface Open {
  blocks: Block[];
  headings: Heading[];
  /** Of the last line. */
  bottom: number;
  /** What begins before it would overlap. */
  end: string;
}

/** Blocks in the order of their starts, those together that would overlap as they are drawn. */
export function groupsOf(blocks: Block[], scale: Scale): Group[] {
  const open: Open[] = [];
  for (const block of blocks) {
    let last = open.at(-1);
    if (!last || block.civil >= last.end) {
      last = { blocks: [], headings: [], bottom: EDGE, end: "" };
      open.push(last);
    }
    add(last, block, scale);
  }
  return open.map((group, index) => groupOf(group, open[index + 1]?.blocks[0]!.civil, scale));
}

const secondsOf = (pixels: number, scale: Scale) => (pixels / scale.pixels) * scale.seconds;
const pixelsOf = (seconds: number, scale: Scale) => (seconds / scale.seconds) * scale.pixels;
const midnightAfter = (civil: string) => `${addDays(civil.slice(0, 10), 1)}T00:00:00`;
const latest = (...times: string[]) => times.reduce((a, b) => (a > b ? a : b));
const earliest = (...times: string[]) => times.reduce((a, b) => (a < b ? a : b));

function add(group: Open, block: Block, scale: Scale) {
  group.blocks.push(block);
  const start = group.blocks[0]!.civil;
  const last = group.headings.at(-1);
  if (last && secondsBetween(last.blocks[0]!.civil, block.civil) < NEAR) {
    last.blocks.push(block);
    group.bottom += LINE;
  } else {
    // at its own time, or below what stands there already
    const top = Math.max(group.bottom, EDGE + pixelsOf(secondsBetween(start, block.civil), scale));
    group.headings.push({ top, blocks: [block] });
    group.bottom = top + HEADING + LINE;
  }
  const lines = group.blocks.length > 1 ? secondsOf(Math.min(group.bottom + EDGE, MOST), scale) : 0;
  const drawn = Math.max((block.until - block.from) / 1000, scale.seconds);
  const end = latest(group.end, addSeconds(start, lines), addSeconds(block.civil, drawn));
  group.end = earliest(end, midnightAfter(start));
}

function groupOf({ blocks, headings, end }: Open, next: string | undefined, scale: Scale): Group {
  const first = blocks[0]!;
  const { civil } = first;
  const kind = worst(blocks);
  if (blocks.length === 1) {
    const wanted = addSeconds(civil, secondsOf(TWO_LINES, scale));
    const until = latest(end, earliest(wanted, next ?? wanted, midnightAfter(civil)));
    return { key: first.key, blocks, kind, civil, seconds: secondsBetween(civil, until), lines: [] };
  }
  const seconds = secondsBetween(civil, end);
  const lines = linesOf(headings, pixelsOf(seconds, scale) - EDGE);
  return { key: `group ${first.key}`, blocks, kind, civil, seconds, lines };
}

/** What has room; the last line counts the rest. */
function linesOf(headings: Heading[], height: number): Line[] {
  const all: Line[] = headings.flatMap(({ top, blocks }) => [
    { top, from: blocks[0]!.civil.slice(11, 16), to: blocks.at(-1)!.civil.slice(11, 16) },
    ...blocks.map((block, index) => ({ top: top + HEADING + index * LINE, block })),
  ]);
  const bottomOf = (line: Line) => line.top + ("from" in line ? HEADING : LINE);
  // heights in seconds are whole ones
  if (bottomOf(all.at(-1)!) <= height + 1) return all;
  const kept = all.filter((line) => bottomOf(line) + LINE <= height + 1);
  const more = all.slice(kept.length).flatMap((line) => ("block" in line ? [line.block] : []));
  const above = kept.at(-1);
  return [...kept, { top: above ? bottomOf(above) : EDGE, more, kind: worst(more) }];
}

/** How many lines of text fit below the time of a block by itself. */
export const linesBelow = (group: Group, scale: Scale): number =>
  Math.floor((pixelsOf(group.seconds, scale) - 2 * EDGE - HEADING) / (LINE - 2));
