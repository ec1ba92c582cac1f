import { describe, expect, it } from "vitest";
import { type Airtime, askedOf, type Line, series } from "./airtime";

const figure = (seconds: number) => ({ count: 1, seconds });
const line = (key: string, planned: number, heard: number): Line => ({
  key,
  name: key,
  name_vi: key,
  planned: figure(planned),
  aired: figure(heard),
  partly: figure(0),
  missed: figure(planned - heard),
  owed: null,
  heard_seconds: heard,
  unconfirmed: 0,
  outcomes: {
    aired: figure(heard),
    partial: figure(0),
    missed: figure(0),
    suppressed: figure(0),
    preempted: figure(0),
    failed: figure(0),
  },
});
const report = (first_day: string, last_day: string, items: Line[]): Airtime => ({
  from: `${first_day}T00:00:00+07:00`,
  to: `${last_day}T00:00:00+07:00`,
  made_at: "2026-12-02T08:00:00+07:00",
  removed: null,
  first_day,
  last_day,
  by: "day",
  items,
  total: line("", 0, 0),
});
const utc = (day: string) => Date.parse(`${day}T00:00:00Z`) / 1000;

describe("the chart's numbers", () => {
  it("have every day of the period, in minutes", () => {
    const drawn = series(report("2026-11-29", "2026-12-01", [line("2026-12-01", 120, 90)]));
    expect(drawn).toEqual({
      at: ["2026-11-29", "2026-11-30", "2026-12-01"].map(utc),
      planned: [0, 0, 2],
      aired: [0, 0, 1.5],
      months: false,
    });
  });

  it("are summed by month where there are many days", () => {
    const items = [line("2026-01-05", 60, 60), line("2026-01-20", 60, 0), line("2026-04-01", 600, 600)];
    const drawn = series(report("2026-01-01", "2026-04-30", items));
    expect(drawn).toMatchObject({ months: true, planned: [2, 0, 0, 10], aired: [1, 0, 0, 10] });
    expect(drawn.at).toEqual(["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"].map(utc));
  });
});

describe("the page's address", () => {
  const id = "01890000-0000-7000-8000-000000000000";
  const asked = (query: string) => askedOf(new URLSearchParams(query));
  it("asks for a campaign and its days", () => {
    expect(asked(`campaign=${id}&from=2026-11-01&to=2026-12-01`)).toEqual({
      campaign: id,
      from: "2026-11-01",
      to: "2026-12-01",
    });
  });
  it.each(["", "campaign=x", "from=2026-11-01", "from=2026-12-01&to=2026-11-01", "from=2026-13-01&to=2026-14-01"])(
    "asks for nothing by %j",
    (query) => expect(asked(query)).toEqual({}),
  );
});
