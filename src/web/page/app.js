// The station's page. It holds nothing of its own: it shows what the API says, and says plainly when that is old.

import { WORDS } from "/words.js";

const API = "/api/v1";
const LANGUAGES = ["vi", "en"];
const SEGMENT_LANGUAGES = ["vi", "blt", "hmn", "tyz", "km", "en"];
const CLASSES = ["normal", "priority", "emergency"];
/** An answer comes within this time, or the station counts as gone. */
const ANSWER_WITHIN = 20_000;
/** The station says something at least every 15 s; after this silence the line is dead. */
const SILENCE = 40_000;
const LONGEST_WAIT = 30_000;
/** Things that no event tells (trust in the clock, say) are seen after this time. */
const READ_ANYWAY = 60_000;
const ROWS = 8;
const HISTORY = 20;

const $ = (id) => document.getElementById(id);

const state = {
  language: remembered("language") === "en" ? "en" : "vi",
  me: null,
  /** What the station said last, and when on our own monotonic clock. */
  status: null,
  at: 0,
  plan: null,
  airings: null,
  waiting: null,
  link: "connecting",
  beforeShown: false,
  rows: ROWS,
};

// ---- words ----

function t(key, values = {}) {
  const text = WORDS[state.language][key] ?? WORDS.vi[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Picks the sentence of an object that has one in each language. */
const say = (both) => (state.language === "vi" ? both.vi || both.en : both.en || both.vi) ?? "";
const reasonOf = (row) => say({ vi: row.reason_vi, en: row.reason });

function remembered(name) {
  try { return localStorage.getItem(`loaxa.${name}`); } catch { return null; }
}

function remember(name, value) {
  try { localStorage.setItem(`loaxa.${name}`, value); } catch { /* a page without storage forgets, no more */ }
}

/** Messages that stand on the page, made anew when the language changes. */
const standing = new Map();

function tell(id, make) {
  const element = $(id);
  if (make) standing.set(id, make); else standing.delete(id);
  const text = make ? make() : "";
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !make;
}

// ---- times ----

const formats = new Map();

function format(kind, instant) {
  const zone = state.status?.station.timezone;
  const key = `${kind} ${state.language} ${zone}`;
  if (!formats.has(key)) {
    const wanted = {
      second: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
      minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
      day: { weekday: "long", day: "numeric", month: "numeric" },
      short: { day: "2-digit", month: "2-digit" },
      date: { year: "numeric", month: "2-digit", day: "2-digit" },
    }[kind];
    let made;
    try { made = new Intl.DateTimeFormat(t("locale"), { ...wanted, timeZone: zone }); }
    catch { made = new Intl.DateTimeFormat(t("locale"), wanted); }
    formats.set(key, made);
  }
  return formats.get(key).format(instant);
}

/** The station's time, not ours. */
function stationNow() {
  return state.status ? Date.parse(state.status.now) + performance.now() - state.at : Date.now();
}

function length(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const decimal = (number) => (Math.round(number * 10) / 10).toLocaleString(t("locale"));

// ---- asking ----

/** The station's refusal, in both languages. */
class Refusal extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `status ${status}`);
    this.status = status;
    this.code = problem?.code;
    this.problem = problem;
  }

  words() {
    if (this.status === 0) return t("unreachable");
    const { detail_vi: vi, detail: en } = this.problem ?? {};
    return say({ vi, en }) || t("answered_badly", { status: this.status });
  }
}

const words = (error) => (error instanceof Refusal ? error.words() : t("unreachable"));

async function ask(method, path, body, headers = {}) {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), ANSWER_WITHIN);
  try {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const options = { method, ...sent, headers: { ...type, ...headers }, signal: cut.signal, cache: "no-store" };
    const answer = await fetch(API + path, options);
    const text = await answer.text();
    const value = parse(text);
    if (!answer.ok) throw new Refusal(answer.status, value);
    if (answer.status !== 204 && value === undefined) throw new Refusal(answer.status);
    return value;
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(0);
  } finally {
    clearTimeout(timer);
  }
}

function parse(text) {
  try { return JSON.parse(text); } catch { return undefined; }
}

/** A key for one intention, so that a repeated request changes nothing twice. Not every page has randomUUID. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const may = (scope) => Boolean(state.me?.scopes.includes(scope));
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// ---- building ----

function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  const { classes, text, ...attributes } = options;
  if (classes) element.className = classes;
  if (text !== undefined && text !== null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

function put(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
}

/** Shows these rows; one that says the same as before stays, with whoever is reading it. */
function fill(list, rows) {
  rows.forEach((row, index) => {
    const shown = list.children[index];
    if (!shown) list.append(row);
    else if (!shown.isEqualNode(row)) shown.replaceWith(row);
  });
  while (list.children.length > rows.length) list.lastElementChild.remove();
}

// ---- the door ----

function showDoor(form, notice) {
  line.close();
  Object.assign(state, { status: null, plan: null, airings: null, waiting: null });
  $("desk").hidden = true;
  for (const id of ["clock", "link"]) $(id).hidden = true;
  $("logout").hidden = form !== "choose";
  put("place", "");
  put("station", "Loaxa");
  document.title = "Loaxa";
  $("door").hidden = false;
  $("login").hidden = form !== "login";
  $("choose").hidden = form !== "choose";
  tell("login-said", notice);
  tell("login-failed", null);
  tell("choose-failed", null);
  for (const id of ["password", "code", "old", "new", "again"]) $(id).value = "";
  $("code").hidden = $("code-label").hidden = true;
  const first = form === "choose" ? "old" : $("name").value ? "password" : "name";
  $(first).focus();
}

function sessionOver() {
  if (!state.me) return;
  state.me = null;
  showDoor("login", () => t("session_over"));
}

async function whoAmI() {
  for (let wait = 1000; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      return enter(await ask("GET", "/session"));
    } catch (error) {
      if (error.status === 401) return $("login").hidden ? showDoor("login", null) : tell("login-said", null);
      // somebody may be typing already: only the notice changes
      if ($("login").hidden) showDoor("login", null);
      tell("login-said", () => words(error));
      await pause(wait);
      if (state.me) return;
    }
  }
}

$("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  await busy(event.submitter, async () => {
    tell("login-failed", null);
    try {
      const login = { name: $("name").value, password: $("password").value };
      if (!$("code").hidden) login.code = $("code").value;
      const me = await ask("POST", "/session", login);
      $("choose-name").value = me.name;
      enter(me);
    } catch (error) {
      // the password was right, and this person set up a second factor
      if (["second_factor_required", "wrong_code"].includes(error.code)) {
        $("code").hidden = $("code-label").hidden = false;
        $("code").value = "";
        tell("login-failed", () => words(error));
        return $("code").focus();
      }
      tell("login-failed", () => (error.status === 401 ? t("wrong_login") : words(error)));
      $("password").select();
    }
  });
});

$("choose").addEventListener("submit", async (event) => {
  event.preventDefault();
  const refuse = (make, field) => { tell("choose-failed", make); $(field).focus(); };
  if ([...$("new").value].length < 15) return refuse(() => t("too_short"), "new");
  if ($("new").value !== $("again").value) return refuse(() => t("not_the_same"), "again");
  await busy(event.submitter, async () => {
    tell("choose-failed", null);
    try {
      await ask("PUT", "/session/password", { old: $("old").value, new: $("new").value });
      $("name").value = state.me.name;
      state.me = null;
      showDoor("login", () => t("password_saved"));
    } catch (error) {
      refuse(() => (error.status === 401 ? t("wrong_old") : words(error)), error.status === 401 ? "old" : "new");
    }
  });
});

$("logout").addEventListener("click", async (event) => {
  await busy(event.currentTarget, async () => {
    try { await ask("DELETE", "/session"); } catch (error) { if (error.status !== 401) return alertLost(error); }
    state.me = null;
    showDoor("login", () => t("logged_out"));
  });
});

function alertLost(error) {
  tell("lost", () => words(error));
}

async function busy(button, work) {
  if (button?.disabled) return;
  if (button) button.disabled = true;
  try { await work(); } finally { if (button) button.disabled = false; }
}

function enter(me) {
  state.me = me;
  if (me.must_change_password) return showDoor("choose", null);
  $("door").hidden = true;
  for (const id of ["desk", "logout", "link"]) $(id).hidden = false;
  $("switches").hidden = !may("emergency");
  $("approvals").hidden = !may("segments:approve");
  $("uploads").hidden = !may("segments:write");
  $("history").hidden = !may("airings:read");
  Object.assign(state, { beforeShown: false, rows: ROWS });
  for (const id of ["lost", "halted", "switch-failed", "upload-failed", "upload-done", "plan-notice"]) tell(id, null);
  $("waiting").replaceChildren();
  $("main").focus({ preventScroll: true });
  scrollTo(0, 0);
  render();
  line.open();
}

// ---- the line to the station ----

const line = {
  cut: null,
  heard: 0,

  open() {
    this.close();
    const cut = new AbortController();
    this.cut = cut;
    setLink("connecting");
    this.hold(cut);
  },

  close() {
    this.cut?.abort();
    this.cut = null;
  },

  /** Listens for as long as this is our line; waits longer after each failure. */
  async hold(cut) {
    for (let wait = 1000; !cut.signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      try {
        await this.listen(cut, () => { wait = 500; });
      } catch (error) {
        if (error.status === 401) return sessionOver();
      }
      if (cut.signal.aborted) return;
      setLink("lost");
      await this.pauseOrHope(wait * (0.75 + Math.random() / 2));
    }
  },

  /** Waits, but no longer than until something happens that makes trying at once worth it. */
  pauseOrHope(milliseconds) {
    return new Promise((done) => {
      const heard = new AbortController();
      const end = () => { heard.abort(); clearTimeout(timer); done(); };
      const timer = setTimeout(end, milliseconds);
      addEventListener("online", end, heard);
      document.addEventListener("visibilitychange", () => document.hidden || end(), heard);
    });
  },

  async listen(outer, alive) {
    const cut = new AbortController();
    const stop = () => cut.abort();
    outer.signal.addEventListener("abort", stop);
    let timer = setTimeout(stop, ANSWER_WITHIN);
    try {
      const answer = await fetch(`${API}/events`, { signal: cut.signal, cache: "no-store" });
      if (!answer.ok) throw new Refusal(answer.status, parse(await answer.text()));
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      for (let text = ""; ;) {
        clearTimeout(timer);
        timer = setTimeout(stop, SILENCE);
        const { done, value } = await reader.read();
        if (done) return;
        alive();
        this.heard = performance.now();
        text += decoder.decode(value, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop();
        blocks.forEach(happened);
      }
    } finally {
      clearTimeout(timer);
      outer.signal.removeEventListener("abort", stop);
    }
  },
};

function happened(block) {
  const field = (name) => block.split("\n").find((row) => row.startsWith(`${name}: `))?.slice(name.length + 2);
  const [name, data] = [field("event"), parse(field("data") ?? "")];
  if (!name || data === undefined || !state.me) return;
  if (name === "status") {
    // the first word on a new line: whatever we missed, we read again
    setStatus(data);
    setLink("live");
    readPlan();
    readAirings();
    readWaiting();
  } else if (name === "progress" && state.status) {
    const before = state.status.on_air?.slot === data.slot ? state.status.on_air : {};
    state.status.on_air = { ...before, ...data };
    state.status.activity = { kind: "on_air", slot: data.slot };
    state.progressAt = performance.now();
    renderAir();
  } else if (name === "view" && state.status) {
    Object.assign(state.status, { activity: data.activity, stopped: data.stopped });
    render();
    readStatus();
  } else {
    readStatus();
    if (name === "airing" || name === "lost") readAirings();
    if (name === "plan" || name === "preparation" || name === "lost") readPlan();
    if (name === "segment" || name === "lost") readWaiting();
  }
}

function setLink(link) {
  const lost = link === "lost";
  if (lost && state.link !== "lost") {
    const time = state.status && format("second", stationNow() - (performance.now() - line.heard));
    tell("lost", () => (time ? t("lost", { time }) : t("lost_at_once")));
  }
  if (link === "live") tell("lost", null);
  state.link = link;
  document.body.classList.toggle("stale", lost);
  $("link").className = `pill ${link}`;
  renderLink();
  renderAir();
  renderPlan();
}

function renderLink() {
  put("link", t({ live: "connected", lost: "not_connected" }[state.link] ?? "connecting"));
}

/** A reader that reads once for many wishes that come together, and once more for those that come meanwhile. */
function reader(read) {
  let running = false;
  let wished = false;
  return async function run() {
    wished = true;
    if (running) return;
    running = true;
    while (wished) {
      await pause(120);
      wished = false;
      if (!state.me || state.me.must_change_password) break;
      try {
        await read();
      } catch (error) {
        if (error.status === 401) sessionOver();
        else if (!(error instanceof Refusal)) console.error(error);
      }
    }
    running = false;
  };
}

const readStatus = reader(async () => setStatus(await ask("GET", "/status")));

const readPlan = reader(async () => {
  const plan = await ask("GET", "/plan");
  const entries = [...plan.slots, ...plan.refusals.map((refusal) => ({ ...refusal, refused: true }))];
  for (const entry of entries) {
    entry.from = Date.parse(entry.start);
    entry.until = entry.from + (entry.seconds ?? 0) * 1000;
  }
  entries.sort((a, b) => a.from - b.from);
  state.plan = { ...plan, entries, begin: Date.parse(plan.from), end: Date.parse(plan.to) };
  renderPlan();
  renderAir();
});

const readAirings = reader(async () => {
  if (!may("airings:read")) return;
  if (state.airings?.length) {
    const newer = await pages(`after_seq=${state.airings[0].seq}`);
    state.airings = [...newer, ...state.airings].slice(0, HISTORY);
  } else {
    // the list begins with the oldest: ask for as little of the past as will do
    const day = 24 * 3_600_000;
    const midnight = state.plan?.begin ?? stationNow() - day;
    for (const from of [stationNow() - 3_600_000, midnight, stationNow() - 7 * day]) {
      state.airings = (await pages(`from=${new Date(from).toISOString()}`)).slice(0, HISTORY);
      if (state.airings.length === HISTORY) break;
    }
  }
  renderAirings();
  renderPlan();
});

/** Every page of a list of airings, newest first. */
async function pages(query) {
  const found = [];
  for (let cursor = ""; cursor !== null;) {
    const page = await ask("GET", `/airings?${query}&limit=1000${cursor && `&cursor=${cursor}`}`);
    found.push(...page.items);
    cursor = page.next;
  }
  return found.reverse();
}

const readWaiting = reader(async () => {
  if (!may("segments:approve")) return;
  const waiting = await ask("GET", "/segments?state=awaiting_approval&limit=100");
  const altered = await ask("GET", "/segments?state=altered&limit=100");
  state.waiting = [...altered.items, ...waiting.items];
  renderWaiting();
});

function setStatus(status) {
  state.status = status;
  state.at = performance.now();
  state.progressAt = state.at;
  render();
}

// ---- showing ----

function render() {
  for (const element of document.querySelectorAll("[data-t]")) {
    const text = t(element.dataset.t);
    if (element.textContent !== text) element.textContent = text;
  }
  document.documentElement.lang = state.language;
  const other = LANGUAGES.find((language) => language !== state.language);
  put("language", t("other_language"));
  $("language").lang = other;
  $("language").setAttribute("aria-label", `${t("other_language")}: ${t("other_language_label")}`);
  for (const [id, make] of standing) $(id).textContent = make();
  renderChoices("spoken-language", SEGMENT_LANGUAGES, "language");
  renderChoices("class", CLASSES, "class");
  renderLink();
  renderHead();
  renderWarnings();
  renderAir();
  renderPlan();
  renderAirings();
  renderWaiting();
}

function renderChoices(id, values, prefix) {
  const select = $(id);
  const chosen = select.value || values[0];
  select.replaceChildren(...values.map((value) => make("option", { value, text: t(`${prefix}_${value}`) })));
  select.value = chosen;
}

function renderHead() {
  const status = state.status;
  $("clock").hidden = !status;
  if (state.me && !$("desk").hidden) put("place", t("signed_in", { name: state.me.name }));
  if (!status) return;
  put("station", status.station.name);
  const trusted = status.clock.trusted;
  const why = t(`trust_${status.clock.reason}`);
  put("trust", `${t(trusted ? "clock_good" : "clock_bad")} (${why})`);
  $("trust").className = trusted ? "" : "untrusted";
  const { version, timezone } = status.station;
  put("facts", t("facts", { version, timezone, driver: status.amplifier.driver, form: status.output.form }));
  const { tls } = status;
  const shown = tls && { pin: tls.pin, fingerprint: tls.fingerprint, until: format("date", Date.parse(tls.not_after)) };
  put("facts_tls", tls ? t("facts_tls", shown) : "");
  tick();
}

function renderWarnings() {
  const status = state.status;
  const faults = [];
  if (status?.amplifier.fault) faults.push(t("amplifier_fault", { why: status.amplifier.fault }));
  if (status?.output.fault) faults.push(t("output_fault", { why: status.output.fault }));
  const rows = faults.map((text) => make("li", { classes: "bad", text }));
  rows.push(...(status?.warnings ?? []).map((warning) => make("li", { text: say(warning) })));
  const list = $("warnings");
  list.hidden = rows.length === 0;
  list.setAttribute("aria-label", t("warnings"));
  fill(list, rows);
  const stopped = status?.stopped;
  if (stopped !== state.haltedBy || !stopped) tell("halted", stopped ? () => t("halted", { name: stopped }) : null);
  state.haltedBy = stopped;
}

/** What the playout does, as a word of ours. */
function activity() {
  const { activity: now, stopped } = state.status;
  if (stopped) return now?.kind === "on_air" ? "stopping" : "halted";
  if (now?.kind === "on_air" || now?.kind === "arming") return now.kind;
  return now ? "idle" : "starting";
}

function renderAir() {
  const status = state.status;
  if (!status) return;
  const kind = activity();
  const lost = state.link === "lost";
  const live = kind === "on_air";
  $("air").classList.toggle("live", live);
  $("air").classList.toggle("halted", kind === "halted" || kind === "stopping");
  const key = { on_air: lost ? "was_on_air" : "on_air", arming: "arming", stopping: "stopping", halted: "halted_word", starting: "starting" }[kind];
  const word = t(key ?? (lost ? "was_quiet" : "quiet"));
  const planned = state.plan?.entries.find((entry) => entry.slot === status.activity?.slot);
  const sounding = live && status.on_air?.slot === status.activity.slot ? status.on_air : null;
  const busyWith = planned?.title ?? status.on_air?.title ?? status.next?.title ?? "…";
  const title = sounding?.title ?? (["on_air", "arming", "stopping"].includes(kind) ? busyWith : t("quiet_title"));
  put("air-head", word);
  put("air-title", title);
  $("air-run").hidden = !sounding;
  if (sounding) renderRun(sounding, lost);
  const spoken = `${word}: ${title}`;
  if (state.spoken !== spoken) {
    state.spoken = spoken;
    put("spoken", spoken);
    document.title = `${live && !lost ? "● " : ""}${live ? title : word} · ${status.station.name}`;
  }
  $("stop").hidden = Boolean(status.stopped);
  $("release").hidden = !status.stopped;
  put("next-title", status.next?.title ?? t("nothing_next"));
  $("next-when").hidden = $("next-in").hidden = !status.next;
  renderCountdown();
}

/** Between two words of the station we count on, but never far. */
function renderRun(sounding, lost) {
  const since = lost ? 0 : Math.min((performance.now() - (state.progressAt ?? 0)) / 1000, 2);
  const played = Math.min(sounding.played + since, sounding.seconds);
  $("air-bar").max = Math.max(sounding.seconds, 0.001);
  $("air-bar").value = played;
  $("air-bar").setAttribute("aria-label", t("on_air"));
  put("air-played", `${length(played)} / ${length(sounding.seconds)}`);
  put("air-left", lost ? "" : t("left", { time: length(sounding.seconds - played) }));
}

function renderCountdown() {
  const next = state.status?.next;
  if (!next) return;
  const start = Date.parse(next.start);
  const today = format("date", start) === format("date", stationNow());
  put("next-when", today ? format("second", start) : `${format("second", start)} · ${format("day", start)}`);
  const left = (start - stationNow()) / 1000;
  put("next-in", state.link === "lost" ? "" : left > 0.5 ? t("next_in", { time: length(left) }) : t("now_due"));
}

function tick() {
  if (!state.status || $("desk").hidden) return;
  const now = stationNow();
  put("time", state.link === "lost" ? "--:--:--" : format("second", now));
  put("date", format("day", now));
  if (!$("air-run").hidden && state.status.on_air) renderRun(state.status.on_air, state.link === "lost");
  renderCountdown();
  const minute = Math.floor(now / 60_000);
  if (state.minute !== minute) {
    state.minute = minute;
    if (state.plan && now >= state.plan.end) readPlan();
    renderPlan();
  }
}

// ---- the plan ----

function renderPlan() {
  const plan = state.plan;
  if (!plan || !state.status) return;
  const now = stationNow();
  const over = (entry) => entry.until <= now && entry.slot !== state.status.activity?.slot;
  const before = plan.entries.filter(over);
  const after = plan.entries.filter((entry) => !over(entry));
  const refused = plan.refusals.length;
  put("plan-count", plan.entries.length ? t("plan_count", { slots: plan.slots.length, refusals: refused }) : "");
  tell("plan-notice", plan.notice ? () => say(plan.notice) : null);
  const earlier = state.beforeShown ? before.slice(-100) : [];
  const rows = [...earlier.map((entry) => planRow(entry, "over")), ...after.slice(0, state.rows).map((entry) => planRow(entry, ""))];
  if (after.length === 0) {
    const text = t(plan.entries.length ? "plan_over" : "plan_empty");
    rows.push(make("li", { classes: "none", text }));
  }
  fill($("plan"), rows);
  $("plan-before").hidden = before.length === 0;
  $("plan-before").setAttribute("aria-expanded", String(state.beforeShown));
  put("plan-before", state.beforeShown ? t("plan_before_hide") : t("plan_before", { count: Math.min(before.length, 100) }));
  $("plan-after").hidden = after.length <= state.rows;
  put("plan-after", t("plan_after", { count: after.length - state.rows }));
  renderRibbon(now);
}

function planRow(entry, classes) {
  const here = entry.slot === state.status.activity?.slot && state.status.activity.kind === "on_air" && state.link !== "lost";
  const done = state.airings?.find((airing) => airing.slot === entry.slot);
  const badges = [];
  if (here) badges.push(make("span", { classes: "badge aired", text: t("on_air") }));
  if (done) badges.push(...outcomeBadges(done));
  else if (entry.refused) badges.push(make("span", { classes: "badge", text: t("refused") }));
  else if (lacks(entry)) badges.push(make("span", { classes: "badge", text: t("not_ready"), title: state.language === "vi" ? entry.ready_reason_vi : entry.ready_reason }));
  const kind = [classes, here && "here", entry.refused && "no"].filter(Boolean).join(" ");
  return make("li", { classes: kind },
    make("time", { datetime: entry.start, text: format("minute", entry.from) }),
    make("div", { classes: "what" },
      make("strong", { text: entry.title ?? t("unknown_title") }),
      make("p", { classes: "why", text: reasonOf(entry) }),
      badges.length ? make("div", { classes: "badges" }, ...badges) : null),
    make("span", { classes: "long", text: entry.seconds ? length(entry.seconds) : "" }));
}

/** Whether its sound should be ready and is not. What airs later is not looked at yet. */
const lacks = (entry) => entry.ready === false && entry.from > stationNow() && !["later", "past", "checking"].includes(entry.ready_code);

/** The day as a strip of 1440 minutes; the list below says the same in words. */
function renderRibbon(now) {
  const { plan } = state;
  const day = plan.end - plan.begin;
  const minuteOf = (instant) => ((instant - plan.begin) / day) * 1440;
  const bars = [];
  for (const entry of plan.entries) {
    const kind = entry.refused ? "no" : entry.until <= now ? "over" : "due";
    const from = minuteOf(entry.from);
    const to = Math.max(minuteOf(entry.until), from + 4);
    const last = bars.at(-1);
    if (last?.kind === kind && from - last.to < 2) last.to = Math.max(last.to, to);
    else bars.push({ kind, from, to });
  }
  const drawn = bars.map(({ kind, from, to }) => rect(kind, from, kind === "no" ? 14 : 6, to - from, kind === "no" ? 16 : 32));
  if (now >= plan.begin && now < plan.end) drawn.push(rect("now", minuteOf(now) - 2, 0, 4, 44));
  $("ribbon").replaceChildren(...drawn);
}

function rect(kind, x, y, width, height) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ class: kind, x, y, width, height })) element.setAttribute(name, value);
  return element;
}

$("plan-before").addEventListener("click", () => { state.beforeShown = !state.beforeShown; renderPlan(); });
$("plan-after").addEventListener("click", () => { state.rows += 50; renderPlan(); });

// ---- what was heard ----

function outcomeBadges(airing) {
  const badges = [make("span", { classes: `badge ${airing.outcome}`, text: t(`outcome_${airing.outcome}`) })];
  if (!airing.confirmed && airing.seconds_aired > 0) {
    badges.push(make("span", { classes: "badge unconfirmed", text: t("unconfirmed"), title: t("unconfirmed_why") }));
  }
  return badges;
}

function renderAirings() {
  const airings = state.airings;
  if (!airings || !state.status) return;
  const today = format("date", stationNow());
  const rows = airings.map((airing) => {
    const at = Date.parse(airing.started ?? airing.planned_start);
    const [aired, planned] = [decimal(airing.seconds_aired), airing.seconds_planned];
    const heard = planned === null ? t("seconds", { aired }) : t("seconds_of", { aired, planned: decimal(planned) });
    const why = airing.outcome === "aired" && airing.confirmed ? "" : reasonOf(airing);
    return make("li", {},
      make("time", { datetime: airing.started ?? airing.planned_start, text: format("minute", at) },
        format("date", at) === today ? null : make("small", { text: format("short", at) })),
      make("div", { classes: "what" },
        make("strong", { text: airing.title ?? t("unknown_title") }),
        why ? make("p", { classes: "why", text: why }) : null,
        make("div", { classes: "badges" }, ...outcomeBadges(airing))),
      make("span", { classes: "long", text: heard }));
  });
  fill($("airings"), rows.length ? rows : [make("li", { classes: "none", text: t("airings_none") })]);
}

// ---- approving ----

function renderWaiting() {
  const waiting = state.waiting;
  if (!waiting || !state.status) return;
  put("approvals-count", waiting.length ? t("approvals_count", { count: waiting.length }) : "");
  const list = $("waiting");
  // who is listening goes on listening: a row that did not change stays
  const kept = new Map([...list.children].map((row) => [row.dataset.key, row]));
  const rows = waiting.map((segment) => {
    const key = `${state.language} ${segment.id} ${segment.approval_digest} ${segment.approvals.length} ${segment.prepared_sha256}`;
    const row = kept.get(key) ?? waitingRow(segment);
    row.dataset.key = key;
    return row;
  });
  if (rows.length === 0) rows.push(make("li", { classes: "quiet", text: t("approvals_none") }));
  const same = rows.length === list.children.length && rows.every((row, index) => row === list.children[index]);
  if (!same) list.replaceChildren(...rows);
}

function waitingRow(segment) {
  const { id, title } = segment;
  const own = segment.uploaded_by === state.me.name;
  const approve = make("button", { type: "button", classes: "strong", text: t("approve"), "aria-label": `${t("approve")}: ${title}` });
  const reject = make("button", { type: "button", classes: "plain", text: t("reject"), "aria-label": `${t("reject")}: ${title}` });
  const said = make("p", { classes: "notice bad", role: "alert", hidden: "" });
  const decide = async (button, decision, question) => {
    const answer = await makeSure(question);
    if (!answer) return;
    await busy(button, async () => {
      said.hidden = true;
      try {
        const note = answer.note ? { note: answer.note } : {};
        // what somebody looked at is what they decide on: whoever changed it meanwhile is found out
        const seen = segment.approval_digest;
        const now = await ask("POST", `/segments/${encodeURIComponent(id)}/approval`, { decision, seen, ...note }, { "idempotency-key": newKey() });
        const more = decision === "approve" && now.approvals_missing > 0;
        put("spoken", more ? t("approved_partly", { title, count: now.approvals_missing }) : t(decision === "approve" ? "approved" : "rejected", { title }));
        $("approvals-head").setAttribute("tabindex", "-1");
        $("approvals-head").focus();
        readWaiting();
        readPlan();
      } catch (error) {
        if (error.status === 401) return sessionOver();
        said.textContent = words(error);
        said.hidden = false;
        if (error.status === 404 || error.status === 409 || error.status === 412) readWaiting();
      }
    });
  };
  approve.addEventListener("click", () =>
    decide(approve, "approve", { head: t("approve_ask"), text: t("approve_text", { title }), yes: t("approve") }));
  reject.addEventListener("click", () =>
    decide(reject, "reject", { head: t("reject_ask"), text: t("reject_text", { title }), yes: t("reject"), note: true }));
  const facts = [t(`class_${segment.class}`), languageName(segment.language), segment.duration && length(segment.duration), levelOf(segment)];
  const by = t("uploaded_by", { name: segment.uploaded_by, time: `${format("minute", Date.parse(segment.uploaded_at))} ${format("short", Date.parse(segment.uploaded_at))}` });
  const source = `${API}/segments/${encodeURIComponent(id)}/audio?form=prepared`;
  return make("li", {},
    make("strong", { text: title, lang: segment.language }),
    make("p", { classes: "quiet", text: facts.filter(Boolean).join(" · ") }),
    make("p", { classes: "quiet", text: by }),
    ...(segment.approvals_needed > 1 ? [make("p", { classes: "quiet", text: t("approvals_so_far", {
      given: segment.approvals.length, needed: segment.approvals_needed, names: segment.approvals.map((it) => it.by).join(", ") || "–" }) })] : []),
    ...(segment.state === "altered" ? [make("p", { classes: "notice bad", text: state.language === "vi" ? segment.reason_vi : segment.reason })] : []),
    ...(segment.warnings ?? []).map((warning) => make("p", { classes: "why", text: say(warning) })),
    make("audio", { controls: "", preload: "none", src: source, "aria-label": t("listen", { title }) }),
    own ? make("p", { classes: "quiet", text: t("own") }) : make("div", { classes: "buttons" }, approve, reject),
    said);
}

/** How loud it was and what was done about it, in one phrase. */
function levelOf(segment) {
  if (segment.loudness_lufs === null) return null;
  const lufs = decimal(segment.loudness_lufs);
  const gain = segment.gain_db;
  if (!gain) return t("level", { lufs });
  return t(gain > 0 ? "level_raised" : "level_lowered", { lufs, db: decimal(Math.abs(gain)) });
}

const languageName = (tag) => WORDS[state.language][`language_${tag}`] ?? tag;

// ---- asking a person ----

/** Asks before something is done. Null when the person thinks better of it. */
function makeSure({ head, text, yes, note = false, stop = false }) {
  const dialog = $("ask");
  put("ask-head", head);
  put("ask-text", text);
  put("ask-yes", yes);
  $("ask-yes").className = stop ? "stop" : "strong";
  $("ask-note").hidden = !note;
  $("note").required = note;
  $("note").value = "";
  dialog.returnValue = "";
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes" ? { note: $("note").value.trim() } : null), { once: true });
    dialog.showModal();
    if (note) $("note").focus();
    else if (stop) $("ask-yes").focus();
  });
}

// ---- STOP ----

async function flip(button, path, question, failed) {
  const answer = await makeSure(question);
  if (!answer) return;
  await busy(button, async () => {
    tell("switch-failed", null);
    try {
      const { stopped } = await ask("POST", path, {});
      if (state.status) state.status.stopped = stopped ? state.me.name : null;
      render();
      (stopped ? $("release") : $("stop")).focus();
    } catch (error) {
      if (error.status === 401) return sessionOver();
      tell("switch-failed", () => failed(words(error)));
    }
    readStatus();
  });
}

$("stop").addEventListener("click", (event) =>
  flip(event.currentTarget, "/stop", { head: t("stop_ask"), text: t("stop_text"), yes: t("stop_yes"), stop: true }, (why) => t("stop_failed", { why })));
$("release").addEventListener("click", (event) =>
  flip(event.currentTarget, "/resume", { head: t("release_ask"), text: t("release_text"), yes: t("release") }, (why) => why));

// ---- uploading ----

let upload = null;
let titleFromFile = "";

$("file").addEventListener("change", () => {
  const file = $("file").files[0];
  if (file && ["", titleFromFile].includes($("title").value)) {
    titleFromFile = file.name.replace(/\.[^.]+$/, "").replaceAll("_", " ").slice(0, 200);
    $("title").value = titleFromFile;
  }
  tell("upload-failed", null);
  tell("upload-done", null);
});

$("upload").addEventListener("submit", (event) => {
  event.preventDefault();
  if (upload) return;
  const title = $("title").value.trim();
  const meta = { title, language: $("spoken-language").value, class: $("class").value };
  const form = new FormData();
  form.append("meta", JSON.stringify(meta));
  form.append("audio", $("file").files[0]);
  const request = new XMLHttpRequest();
  upload = request;
  tell("upload-failed", null);
  tell("upload-done", null);
  showUpload(0);
  const ended = (done, failed) => {
    upload = null;
    $("upload-run").hidden = $("upload-cut").hidden = true;
    $("upload-go").disabled = false;
    tell("upload-word", null);
    tell("upload-done", done);
    tell("upload-failed", failed);
  };
  request.upload.addEventListener("progress", ({ loaded, total }) => showUpload(total ? loaded / total : 0));
  request.upload.addEventListener("load", () => showUpload(1));
  request.addEventListener("load", () => {
    const answer = parse(request.responseText);
    if (request.status === 401) { ended(null, null); return sessionOver(); }
    if (request.status !== 200 && request.status !== 201) {
      const refusal = new Refusal(request.status, answer);
      return ended(null, () => refusal.words());
    }
    const known = answer?.title ?? title;
    const key = answer?.state === "inspecting" || answer?.state === "received" ? "uploaded_inspecting" : "uploaded_awaiting_approval";
    ended(() => request.status === 200 ? t("uploaded_already", { title: known, state: t(`state_${answer?.state}`) }) : t(key, { title: known }), null);
    $("upload").reset();
    renderChoices("spoken-language", SEGMENT_LANGUAGES, "language");
  });
  request.addEventListener("error", () => ended(null, () => t("unreachable")));
  request.addEventListener("abort", () => ended(null, () => t("upload_cut_done")));
  request.open("POST", `${API}/segments`);
  request.setRequestHeader("idempotency-key", newKey());
  request.send(form);
});

function showUpload(part) {
  $("upload-run").hidden = false;
  $("upload-go").disabled = true;
  $("upload-cut").hidden = part >= 1;
  if (part < 1) $("upload-bar").value = part; else $("upload-bar").removeAttribute("value");
  $("upload-bar").setAttribute("aria-label", t("upload"));
  tell("upload-word", () => (part < 1 ? t("uploading", { percent: Math.floor(part * 100) }) : t("inspecting")));
}

$("upload-cut").addEventListener("click", () => upload?.abort());
addEventListener("beforeunload", (event) => { if (upload) event.preventDefault(); });

// ---- beginning ----

$("language").addEventListener("click", () => {
  state.language = LANGUAGES.find((language) => language !== state.language);
  remember("language", state.language);
  state.haltedBy = undefined;
  render();
});

setInterval(tick, 500);
setInterval(() => { if (state.me && state.link === "live") readStatus(); }, READ_ANYWAY);
render();
whoAmI();
