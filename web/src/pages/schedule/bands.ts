// Windows as they open on an ordinary week. What a holiday opens or closes is told by the plan's own reasons.
import type { Schemas } from "../../api/client";
import { addDays, weekdayOf } from "../../lib/civil";
import { WEEKDAYS } from "./programme/when";
import type { Block } from "./blocks";

type Window = Schemas["Window"];

export interface Band {
  key: string;
  name: string;
  /** `2026-11-30T17:00:00`. */
  start: string;
  end: string;
  /** Empty means every zone. */
  zones: string[];
}

export function bandsOf(windows: Window[], day: string): Band[] {
  const weekday = WEEKDAYS[weekdayOf(day)]!;
  return windows
    .filter((window) => window.days.includes(weekday))
    .map((window) => ({
      key: `${window.id} ${day}`,
      name: window.name,
      start: `${day}T${full(window.start)}`,
      end: window.end.startsWith("24") ? `${addDays(day, 1)}T00:00:00` : `${day}T${full(window.end)}`,
      zones: window.zones,
    }))
    .sort((a, b) => (a.start < b.start ? -1 : 1));
}

const full = (time: string) => (time.length === 5 ? `${time}:00` : time);

export interface Session {
  /** Null gathers what lies outside. */
  band: Band | null;
  blocks: Block[];
}

const span = ({ start, end }: Band) => Date.parse(`${end}Z`) - Date.parse(`${start}Z`);

/** A day's blocks under the windows in which they begin; of several the shortest, which says most. */
export function sessionsOf(bands: Band[], blocks: Block[]): Session[] {
  const sessions: Session[] = bands.map((band) => ({ band, blocks: [] }));
  const outside: Session = { band: null, blocks: [] };
  const shortest = [...sessions].sort((a, b) => span(a.band!) - span(b.band!));
  for (const block of blocks) {
    const inside = shortest.find(
      ({ band }) =>
        band!.start <= block.civil &&
        block.civil < band!.end &&
        (band!.zones.length === 0 || block.zones.some((zone) => band!.zones.includes(zone))),
    );
    (inside ?? outside).blocks.push(block);
  }
  return outside.blocks.length > 0 ? [...sessions, outside] : sessions;
}

/** Which hours are drawn: those of the bands and blocks, and one around them. */
export function hoursOf(bands: Band[], blocks: { civil: string; seconds: number }[]): [from: number, to: number] {
  const starts = [...bands.map((band) => hour(band.start)), ...blocks.map((block) => hour(block.civil))];
  const ends = [
    ...bands.map((band) => (band.end.slice(11) === "00:00:00" ? 24 : hour(band.end))),
    ...blocks.map((block) => Math.min(24, hour(block.civil) + Math.max(block.seconds, 900) / 3600)),
  ];
  if (starts.length === 0) return [5, 20];
  return [Math.max(0, Math.floor(Math.min(...starts)) - 1), Math.min(24, Math.ceil(Math.max(...ends)) + 1)];
}

const hour = (civil: string) => Number(civil.slice(11, 13)) + Number(civil.slice(14, 16)) / 60;
