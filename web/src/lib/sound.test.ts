import { describe, expect, it } from "vitest";
import { alone, before, type Segment, soundOf } from "./sound";

const segment = {
  id: "s",
  title: "Tin",
  duration: 10,
  trimmed: { start: 2, end: 0 },
  gain_db: 6.0206,
  waveform: { peaks: [200, 100, 0, 254, 40] },
  prepared_sha256: "ab",
} as unknown as Segment;

describe("the forms of a sound", () => {
  it("are what will be heard, then what was sent: quieter, with its silence", () => {
    const [prepared, original] = soundOf(segment).forms;
    expect(prepared).toMatchObject({ kind: "prepared", seconds: 10, offset: 2 });
    expect(original).toMatchObject({ kind: "original", seconds: 12, offset: 0, peaks: [0, 100, 50, 0, 127, 20] });
  });

  it("are the original alone until it is prepared", () => {
    const fresh = { ...segment, duration: null, trimmed: null, waveform: null, prepared_sha256: null };
    expect(soundOf(fresh).forms).toEqual([
      { kind: "original", src: "/api/v1/segments/s/audio?form=original", seconds: null, peaks: null, offset: 0 },
    ]);
  });

  it("stay within full scale where it was lowered", () =>
    expect(before([200, 10], 2, { start: 0, end: 1 }, -6.0206)).toEqual([255, 20, 0]));
});

it("only one sounds at a time", () => {
  const paused: string[] = [];
  const media = (name: string) => ({ pause: () => paused.push(name) }) as unknown as HTMLMediaElement;
  const [a, b] = [media("a"), media("b")];
  alone(a);
  alone(a);
  alone(b);
  expect(paused).toEqual(["a"]);
});
