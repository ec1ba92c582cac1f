// A whole station for a test: the real daemon in a folder of its own, with people, sound that can be listened to, and a browser
// that tells of everything it should not do.
import { AxeBuilder } from "@axe-core/playwright";
import { test as base, type BrowserContext, expect, type Page } from "@playwright/test";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = resolve(process.env.LOAXA ?? "../target/debug/loaxa");
/** The rate of the captured sound. */
const RATE = 48_000;

export const ROLES = ["broadcaster", "scheduler", "approver", "auditor", "emergency", "admin"] as const;
export type Role = (typeof ROLES)[number];
/** How people are called. */
export const NAMES: Record<Role, string> = {
  broadcaster: "Nguyễn Thị Hoa",
  scheduler: "Trần Văn Lịch",
  approver: "Lê Chủ Tịch",
  auditor: "Phạm Kiểm Tra",
  emergency: "Võ Trực Ban",
  admin: "Đỗ Quản Trị",
};
export const passwordOf = (role: Role): string => `mật khẩu rất dài của ${role} 2026`;

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 900 };

const SCOPES: Partial<Record<Role, string[]>> = {
  broadcaster: ["segments:write", "schedule:write", "airings:read", "status:read"],
  approver: ["segments:approve", "airings:read", "status:read"],
  emergency: ["emergency", "status:read"],
};

export class Station {
  readonly home = mkdtempSync(join(tmpdir(), "loaxa-desk-"));
  address = "";
  #daemon: ChildProcess | null = null;
  #tokens = new Map<string, string>();
  readonly said: string[] = [];

  /** `people` are there from the beginning. */
  constructor(people: readonly Role[] = ROLES) {
    mkdirSync(join(this.home, "data"));
    const configuration = `[station]
name = "Đài truyền thanh xã Thử Nghiệm"
[web]
listen = "127.0.0.1:0"
[audio]
output = "capture"
capture_file = ${JSON.stringify(this.#capture)}
[amplifier]
driver = "simulated"
[clock]
trust = "always"
[storage]
data = ${JSON.stringify(join(this.home, "data"))}
`;
    writeFileSync(this.#configuration, configuration);
    for (const role of people) {
      this.command(["user", "add", NAMES[role], "--role", role, "--password-stdin"], `${passwordOf(role)}\n`);
    }
  }

  get #configuration(): string {
    return join(this.home, "loaxa.toml");
  }

  get #capture(): string {
    return join(this.home, "heard.wav");
  }

  /** The command line on this station's data. */
  command(arguments_: string[], input = ""): string {
    return execFileSync(PROGRAM, [...arguments_, "--config", this.#configuration], { input, encoding: "utf8" });
  }

  /** Starts the daemon, on the port that it had before. */
  async start(): Promise<void> {
    const daemon = spawn(PROGRAM, ["serve", "--config", this.#configuration], { stdio: ["ignore", "ignore", "pipe"] });
    this.#daemon = daemon;
    const lines = createInterface({ input: daemon.stderr! });
    this.address = await new Promise((ready, failed) => {
      daemon.once("exit", (code) =>
        failed(new Error(`the daemon ended (${code}):\n${this.said.slice(-20).join("\n")}`)),
      );
      lines.on("line", (line) => {
        this.said.push(line);
        const found = /ready: (http:\/\/127\.0\.0\.1:\d+)/.exec(line);
        if (found) ready(found[1]!);
      });
    });
    const port = new URL(this.address).port;
    const text = readFileSync(this.#configuration, "utf8");
    writeFileSync(this.#configuration, text.replace(/listen = "127\.0\.0\.1:\d+"/, `listen = "127.0.0.1:${port}"`));
  }

  /** As if the power were cut. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Starts anew with more in its configuration. */
  async configured(more: string): Promise<void> {
    await this.#end("SIGTERM");
    writeFileSync(this.#configuration, `${readFileSync(this.#configuration, "utf8")}${more}`);
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    rmSync(this.home, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals) {
    const daemon = this.#daemon;
    this.#daemon = null;
    if (!daemon || daemon.exitCode !== null) return;
    const ended = new Promise((done) => daemon.once("exit", done));
    daemon.kill(signal);
    await ended;
  }

  /** Asks the API with a token of this role: for what a test finds, not for what it tests. `as` makes it another identity. */
  async ask<T = unknown>(role: Role, method: string, path: string, body?: unknown, as: string = role): Promise<T> {
    let token = this.#tokens.get(as);
    if (!token) {
      const scopes = (SCOPES[role] ?? []).flatMap((scope) => ["--scope", scope]);
      token = JSON.parse(this.command(["token", "create", "--json", "--name", `${as}-script`, ...scopes]))
        .token as string;
      this.#tokens.set(as, token);
    }
    const form = body instanceof FormData;
    const answer = await fetch(`${this.address}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(form || body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** A recording, pushed by a script; `approvals` different identities approve it. */
  async recording(title: string, sound: Buffer, { kind = "normal", approvals = 0 } = {}): Promise<string> {
    const form = new FormData();
    form.append("meta", JSON.stringify({ title, language: "vi", class: kind }));
    form.append("audio", new Blob([new Uint8Array(sound)]), "sound.wav");
    const { id } = await this.ask<{ id: string }>("broadcaster", "POST", "/segments", form);
    for (let number = 0; number < approvals; number += 1) {
      await this.ask("approver", "POST", `/segments/${id}/approval`, { decision: "approve" }, `approver-${number}`);
    }
    return id;
  }

  /** Everything may air at any time of any day. */
  async alwaysOpen(): Promise<void> {
    const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    await this.ask("broadcaster", "POST", "/windows", { name: "Cả ngày", days, start: "00:00", end: "24:00" });
  }

  /** Seconds of sound so far that are louder than -50 dBFS, in blocks of 10 ms; with `hertz` those in which this tone is what is heard. */
  heardSeconds(hertz?: number): number {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.#capture);
    } catch {
      return 0;
    }
    // a frame of 16-bit mono or stereo after the header; the first channel is looked at
    const channels = bytes.length > 44 ? bytes.readUInt16LE(22) : 1;
    const block = RATE / 100;
    const frames = Math.floor((bytes.length - 44) / (2 * channels));
    let heard = 0;
    for (let at = 0; at + block <= frames; at += block) {
      const samples = Array.from(
        { length: block },
        (_, index) => bytes.readInt16LE(44 + (at + index) * 2 * channels) / 32_768,
      );
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / block;
      if (power > 1e-5 && (hertz === undefined || goertzel(samples, hertz) > 0.5 * power)) heard += 1;
    }
    return heard / 100;
  }
}

/** Power of one tone in a block. */
function goertzel(samples: number[], hertz: number): number {
  const turn = (2 * Math.PI * hertz) / RATE;
  let [before, last] = [0, 0];
  for (const sample of samples) [before, last] = [last, sample + 2 * Math.cos(turn) * last - before];
  const power = last * last + before * before - 2 * Math.cos(turn) * last * before;
  return (2 * power) / (samples.length * samples.length);
}

/** A WAV file of one tone. */
export function tone(hertz: number, seconds: number): Buffer {
  const frames = Math.round(RATE * seconds);
  const bytes = Buffer.alloc(44 + frames * 2);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + frames * 2, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(RATE * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(frames * 2, 40);
  for (let frame = 0; frame < frames; frame += 1) {
    bytes.writeInt16LE(Math.round(0.3 * 32_767 * Math.sin((2 * Math.PI * hertz * frame) / RATE)), 44 + frame * 2);
  }
  return bytes;
}

interface Size {
  width: number;
  height: number;
  /** A phone with its fingers, not a small window with a mouse. */
  touch?: boolean;
}

interface Fixtures {
  /** Who is there before anybody opens the page. */
  people: readonly Role[];
  station: Station;
  /** A page of the desk on which somebody is logged in. Anything that it should not do fails the test. */
  open: (role: Role, size?: Size, language?: "vi" | "en", password?: string) => Promise<Page>;
}

export const test = base.extend<Fixtures>({
  people: [ROLES, { option: true }],
  station: async ({ people }, use, info) => {
    const station = new Station(people);
    await station.start();
    await use(station);
    if (info.status !== info.expectedStatus) console.log(station.said.slice(-40).join("\n"));
    await station.stop();
  },
  open: async ({ browser, station }, use) => {
    const contexts: BrowserContext[] = [];
    const wrong: string[] = [];
    await use(async (role, size = DESKTOP, language = "vi", password = passwordOf(role)) => {
      const { touch = false, ...viewport } = size;
      const context = await browser.newContext({ viewport, hasTouch: touch, isMobile: touch });
      contexts.push(context);
      await context.addInitScript((spoken) => localStorage.setItem("loaxa.language", spoken), language);
      const page = await context.newPage();
      page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error" && !expected(message.text())) wrong.push(`console: ${message.text()}`);
      });
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(station.address) && !/^(data|blob):/.test(url)) wrong.push(`asked elsewhere: ${url}`);
      });
      await page.goto(station.address);
      await page.locator("#name").fill(NAMES[role]);
      await page.locator("#password").fill(password);
      await page.locator("form button.strong").click();
      // a one-time passphrase opens no more than the choice of another
      await expect(page.locator("nav, #again").first()).toBeVisible();
      return page;
    });
    for (const context of contexts) await context.close();
    expect(wrong, "what the page should not do").toEqual([]);
  },
});

/** What Chromium itself reports of answers that a test wants: refusals, and a daemon that was killed. */
const expected = (text: string): boolean =>
  /Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_(CONNECTION|INCOMPLETE|EMPTY|SOCKET|NETWORK))/.test(
    text,
  );

/** Nothing that keeps somebody out who cannot see, hear or point well. */
export async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const grave = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(grave).toEqual([]);
}

/** Nothing sticks out at the side. */
export async function fits(page: Page): Promise<void> {
  const [inside, wide] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
  expect(wide).toBeLessThanOrEqual(inside!);
}

export { expect };
