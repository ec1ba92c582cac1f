// From an empty station to its first airing: what is there already, and what comes next.
import { api, told } from "../../api/client";
import { station } from "../../api/station.svelte";

export interface Step {
  name: "clock" | "people" | "zones" | "windows" | "holidays" | "recording" | "approval" | "programme" | "air";
  done: boolean;
  /** The page, and the place in it. */
  at: string[];
  /** Not for whoever looks: somebody else does it. */
  ask?: boolean;
  /** A station does without it. */
  optional?: boolean;
}

export async function firstSteps(): Promise<Step[]> {
  const one = { params: { query: { limit: 1 } } };
  const [zones, windows, holidays, segments, approved, programmes, campaigns] = await Promise.all([
    told(api.GET("/api/v1/zones", one)),
    told(api.GET("/api/v1/windows", one)),
    told(api.GET("/api/v1/holidays", one)),
    told(api.GET("/api/v1/segments", one)),
    told(api.GET("/api/v1/segments", { params: { query: { limit: 1, state: "approved" } } })),
    told(api.GET("/api/v1/programmes", one)),
    told(api.GET("/api/v1/campaigns", one)),
  ]);
  const some = (page: { items: unknown[] }) => page.items.length > 0;
  const people = await enoughPeople();
  const aired =
    station.may("airings:read") &&
    some(await told(api.GET("/api/v1/airings", { params: { query: { limit: 1, outcome: "aired" } } })));
  return [
    { name: "clock", done: station.status?.clock.trusted ?? true, at: ["settings", "station"] },
    // who may not look at people is shown the step until something was approved: it takes two
    { name: "people", done: people ?? some(approved), at: ["settings", "people"], ask: people === null },
    { name: "zones", done: some(zones), at: ["settings", "zones"], optional: true },
    { name: "windows", done: some(windows), at: ["settings", "windows"] },
    { name: "holidays", done: some(holidays), at: ["settings", "holidays"], optional: true },
    { name: "recording", done: some(segments), at: ["recordings"] },
    { name: "approval", done: some(approved), at: ["approvals"] },
    { name: "programme", done: some(programmes) || some(campaigns), at: ["schedule"] },
    ...(station.may("airings:read") ? [{ name: "air" as const, done: aired, at: ["today"] }] : []),
  ];
}

/** Null: whoever looks may not know. */
async function enoughPeople(): Promise<boolean | null> {
  if (!station.may("admin")) return null;
  const { items } = await told(api.GET("/api/v1/people", { params: { query: { limit: 1000 } } }));
  const may = (scope: string) => items.some((person) => person.valid && person.scopes.includes(scope as never));
  return may("segments:write") && may("segments:approve");
}
