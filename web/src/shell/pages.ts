import type { Component } from "svelte";

type Loaded = Promise<{ default: Component }>;

/** Every page by its name in the address. Each is fetched when somebody goes there: the first one comes sooner. */
export const PAGES = {
  today: (): Loaded => import("../pages/today/Today.svelte"),
  recordings: (): Loaded => import("../pages/recordings/Recordings.svelte"),
  approvals: (): Loaded => import("../pages/approvals/Approvals.svelte"),
  schedule: (): Loaded => import("../pages/schedule/Schedule.svelte"),
  campaigns: (): Loaded => import("../pages/campaigns/Campaigns.svelte"),
  log: (): Loaded => import("../pages/log/Log.svelte"),
  reports: (): Loaded => import("../pages/reports/Reports.svelte"),
  settings: (): Loaded => import("../pages/settings/Settings.svelte"),
};

export type PageName = keyof typeof PAGES;
