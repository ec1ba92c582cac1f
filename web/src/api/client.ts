// Asking the station. Its document says what may be asked; a refusal comes with a sentence in both languages.
import createClient from "openapi-fetch";
import { common } from "../words/common";
import { say, t } from "../words/index.svelte";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** An answer comes within this time, or the station counts as gone. */
export const ANSWER_WITHIN = 20_000;

/** The station's refusal; `status` 0 when it could not be reached. */
export class Refusal extends Error {
  readonly status: number;
  readonly problem: Partial<Problem> | undefined;

  constructor(status: number, problem?: Partial<Problem>) {
    super(problem?.detail ?? `status ${status}`);
    this.status = status;
    this.problem = problem;
  }

  get code(): string | undefined {
    return this.problem?.code;
  }

  /** What to tell whoever asked. */
  get words(): string {
    if (this.status === 0) return t(common.unreachable);
    const { detail_vi: vi, detail: en } = this.problem ?? {};
    return say({ vi, en }) || t(common.answered_badly, { status: String(this.status) });
  }
}

export const words = (error: unknown): string => (error instanceof Refusal ? error.words : t(common.unreachable));

let over: () => void = () => {};

/** Who is called when the station no longer knows the session. */
export function whenSessionIsOver(then: () => void) {
  over = then;
}

async function bounded(request: Request): Promise<Response> {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), ANSWER_WITHIN);
  request.signal.addEventListener("abort", () => cut.abort());
  try {
    const answer = await fetch(new Request(request, { signal: cut.signal, cache: "no-store" }));
    // the body belongs to the bounded time: a line that dies in the middle is no answer
    const body = answer.status === 204 || answer.status === 304 ? null : await answer.arrayBuffer();
    return new Response(body, { status: answer.status, headers: answer.headers });
  } finally {
    clearTimeout(timer);
  }
}

export const api = createClient<paths>({ baseUrl: "", fetch: bounded });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What the station answered, or its `Refusal` thrown. Where it can also answer in plain text, JSON is what was asked for. */
export async function told<T>(asked: Promise<Answer<T>>): Promise<Exclude<T, string>> {
  return (await toldWithTag(asked)).data as Exclude<T, string>;
}

/** As `told`, with the object's tag for `If-Match`. */
export async function toldWithTag<T>(asked: Promise<Answer<T>>): Promise<{ data: T; etag: string }> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch {
    throw new Refusal(0);
  }
  const { data, error, response } = answer;
  if (!response.ok) {
    const refusal = new Refusal(response.status, isProblem(error) ? error : undefined);
    // wrong passwords are 401 as well: only a session that was there can be over
    if (response.status === 401 && refusal.code === "unauthenticated") over();
    throw refusal;
  }
  return { data: data as T, etag: response.headers.get("etag") ?? "" };
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value;
}

/** A key for one intention, so that a repeated request changes nothing twice. Not every page has `randomUUID`. */
export function newKey(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

/** A UUID of version 7 for objects that the client names, emergencies for one. */
export function newId(now: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setUint16(0, Math.floor(now / 2 ** 32));
  new DataView(bytes.buffer).setUint32(2, now % 2 ** 32);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
