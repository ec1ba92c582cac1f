import { describe, expect, it } from "vitest";
import { alone, before, type Segment, soundOf } from "./sound";

const segment = {
  id: "s",
  title: "Tin",
  duration: 10,
  original_duration: 12,
  trim: null,
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
    const fresh = {
      ...segment,
      duration: null,
      original_duration: null,
      trimmed: null,
      waveform: null,
      prepared_sha256: null,
    };
    expect(soundOf(fresh).forms).toEqual([
      { kind: "original", src: "/api/v1/segments/s/audio?form=original", seconds: null, peaks: null, offset: 0 },
    ]);
  });

  it("are a part, and the whole that it was cut from", () => {
    const trim = { start: 1, end: 20 };
    const peaks = [1, 2, 3];
    const part = { ...segment, trim, original_duration: 30, original_waveform: { peaks } } as unknown as Segment;
    const [prepared, original] = soundOf(part).forms;
    expect(prepared).toMatchObject({ seconds: 10, offset: 3 });
    expect(original).toMatchObject({ seconds: 30, offset: 0, peaks });
    expect(soundOf({ ...part, original_waveform: null }).forms[1]).toMatchObject({ peaks: null });
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
