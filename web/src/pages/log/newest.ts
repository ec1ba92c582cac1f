// The log from its newest row back. A station that cannot say it in this order is asked for stretches of days, one before the other.

export interface Page<T> {
  items: T[];
  next?: string | null | undefined;
}
export interface Query {
  from?: string;
  to?: string;
  order?: "newest";
  cursor?: string;
  limit: number;
}
export type Ask<T> = (query: Query) => Promise<Page<T>>;

export interface Asked {
  /** Milliseconds since 1970; null is open. */
  from: number | null;
  to: number | null;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SHORTEST = HOUR / 4;
const LONGEST = 366 * DAY;
const MOST = 1000;
const iso = (at: number) => new Date(at).toISOString();

/** Pages, the newest first; the first that `isNoOrder` refuses turns to stretches of days. */
export async function* newest<T>(
  ask: Ask<T>,
  asked: Asked,
  startOf: (item: T) => number,
  now: number,
  isNoOrder: (error: unknown) => boolean,
): AsyncGenerator<T[]> {
  const bounds = {
    ...(asked.from === null ? {} : { from: iso(asked.from) }),
    ...(asked.to === null ? {} : { to: iso(asked.to) }),
  };
  let page: Page<T>;
  try {
    page = await ask({ ...bounds, order: "newest", limit: 200 });
  } catch (error) {
    if (!isNoOrder(error)) throw error;
    return yield* byStretches(ask, asked, startOf, now);
  }
  yield page.items;
  while (page.next) {
    page = await ask({ ...bounds, order: "newest", limit: 500, cursor: page.next });
    yield page.items;
  }
}

async function* byStretches<T>(
  ask: Ask<T>,
  asked: Asked,
  startOf: (item: T) => number,
  now: number,
): AsyncGenerator<T[]> {
  const bounds = {
    ...(asked.from === null ? {} : { from: iso(asked.from) }),
    ...(asked.to === null ? {} : { to: iso(asked.to) }),
  };
  const [oldest] = (await ask({ ...bounds, limit: 1 })).items;
  if (oldest === undefined) return;
  // rows are numbered as they were closed: one that was planned earlier may have a higher number
  const floor = Math.max(asked.from ?? -Infinity, startOf(oldest) - 2 * DAY);
  let to = asked.to ?? now + DAY;
  for (let width = DAY; to > floor;) {
    const from = Math.max(floor, to - width);
    const query = { from: iso(from), to: iso(to), limit: MOST };
    let page = await ask(query);
    if (page.next && to - from > SHORTEST) {
      width = Math.max((to - from) / 4, SHORTEST);
      continue;
    }
    const items = [...page.items];
    while (page.next) {
      page = await ask({ ...query, cursor: page.next });
      items.push(...page.items);
    }
    if (items.length > 0) yield items.reverse();
    if (items.length < MOST / 4) width = Math.min(width * 4, LONGEST);
    to = from;
  }
}
