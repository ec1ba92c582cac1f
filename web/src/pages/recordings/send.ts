// Sending one file: in pieces that survive a broken line; whole, where something on the way knows no pieces.
import type { DetailedError, PreviousUpload, Upload } from "tus-js-client";
import { api, newKey, type Problem, Refusal, type Schemas, told } from "../../api/client";
import type { Segment } from "../../lib/segment";

const ENDPOINT = "/api/v1/uploads";
/** A piece is kept by the station when it is whole: small enough that little is lost. */
const PIECE = 2 * 1024 * 1024;
/** Milliseconds before each new trial; after the last the line counts as lost. */
const PATIENCE = [500, 1000, 2000, 4000, 8000];

export type Meta = Record<string, string | boolean>;
export type Previous = PreviousUpload;

export interface Sending {
  /** The id of the segment that it became; a `Refusal` with status 0 when the line was lost. */
  done: Promise<string>;
  /** Stops; what was sent is deleted. */
  cancel(): Promise<void>;
}

const library = () => import("tus-js-client");

/** Whose upload of which file: another person's is not found by it. */
const mark = (who: string, file: File) => `loaxa-${who}-${file.name}-${file.size}-${file.lastModified}`;

/** What was begun with this file and not brought to its end. */
export async function begun(who: string, file: File): Promise<Previous | null> {
  const { defaultOptions } = await library();
  const found = await defaultOptions.urlStorage.findUploadsByFingerprint(mark(who, file));
  return found.filter((it) => it.size === file.size).at(-1) ?? null;
}

/** Everything that this person began here and did not bring to its end. */
export async function allBegun(who: string): Promise<Previous[]> {
  const { defaultOptions } = await library();
  const all = await defaultOptions.urlStorage.findAllUploads();
  return all.filter((it) => it.uploadUrl && it.urlStorageKey.startsWith(`tus::loaxa-${who}-`));
}

export async function forget(previous: Previous) {
  const { defaultOptions } = await library();
  await defaultOptions.urlStorage.removeUpload(previous.urlStorageKey);
}

export type Begun = Schemas["Upload"];

/** How far the station has it; null when it does not know it any more. */
export async function ask(url: string): Promise<Begun | null> {
  let answer: Response;
  try {
    answer = await fetch(url, { cache: "no-store" });
  } catch {
    throw new Refusal(0);
  }
  if (answer.status === 404 || answer.status === 410 || answer.status === 403) return null;
  if (!answer.ok) throw new Refusal(answer.status);
  return answer.json();
}

export async function terminate(previous: Previous) {
  const { Upload } = await library();
  if (previous.uploadUrl) await Upload.terminate(previous.uploadUrl).catch(() => {});
  await forget(previous);
}

/** Sends a file; `previous` is what was begun with it. `progress` is told how many bytes went. */
export function send(
  file: File,
  meta: Meta,
  who: string,
  previous: Previous | null,
  progress: (sent: number) => void,
): Sending {
  let upload: Upload | null = null;
  let instead: Sending | null = null;
  let cancelled = false;
  const done = library().then(
    (tus) =>
      new Promise<string>((found, lost) => {
        if (cancelled) return lost(new Refusal(0));
        upload = new tus.Upload(file, {
          endpoint: ENDPOINT,
          chunkSize: PIECE,
          retryDelays: PATIENCE,
          metadata: { filename: file.name, ...words(meta) },
          fingerprint: async () => mark(who, file),
          removeFingerprintOnSuccess: true,
          onProgress: progress,
          onShouldRetry: (error) => worthTrying(error.originalResponse?.getStatus() ?? 0),
          onSuccess: ({ lastResponse }) => {
            const id = lastResponse.getHeader("loaxa-segment");
            if (id) found(id);
            else ended(upload?.url ?? null).then(found, lost);
          },
          onError: (error) => {
            const refusal = refusalOf(error);
            // what lets no pieces through may let a whole through
            if (refusal.status === 404 || refusal.status === 405) {
              instead = whole(file, meta, progress);
              instead.done.then(found, lost);
            } else lost(refusal);
          },
        });
        if (previous) upload.resumeFromPreviousUpload(previous);
        upload.start();
      }),
    () => {
      throw new Refusal(0);
    },
  );
  return {
    done,
    cancel: async () => {
      cancelled = true;
      await (instead ? instead.cancel() : upload?.abort(true).catch(() => {}));
    },
  };
}

/** Whether the same may go well another time. */
export const worthTrying = (status: number) =>
  status === 0 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);

const words = (meta: Meta) => Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, String(value)]));

/** What became of an upload whose last answer did not tell. */
async function ended(url: string | null): Promise<string> {
  const told = url ? await ask(url) : null;
  if (told?.segment) return told.segment;
  throw new Refusal(told?.problem?.status ?? 0, told?.problem ?? undefined);
}

function refusalOf(error: Error | DetailedError): Refusal {
  const answer = "originalResponse" in error ? error.originalResponse : null;
  const status = answer?.getStatus() ?? 0;
  if (status === 401) void told(api.GET("/api/v1/session")).catch(() => {});
  return new Refusal(status, parse(answer?.getBody()));
}

function parse(text: string | undefined): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null && "code" in value ? (value as Problem) : undefined;
  } catch {
    return undefined;
  }
}

function whole(file: File, meta: Meta, progress: (sent: number) => void): Sending {
  const request = new XMLHttpRequest();
  const done = new Promise<string>((found, lost) => {
    request.upload.addEventListener("progress", ({ loaded, total }) => progress((loaded / (total || 1)) * file.size));
    request.addEventListener("load", () => {
      if (request.status === 200 || request.status === 201)
        return found((JSON.parse(request.responseText) as Segment).id);
      if (request.status === 401) void told(api.GET("/api/v1/session")).catch(() => {});
      lost(new Refusal(request.status, parse(request.responseText)));
    });
    for (const way of ["error", "abort"] as const) request.addEventListener(way, () => lost(new Refusal(0)));
  });
  const form = new FormData();
  form.append("meta", JSON.stringify(meta));
  form.append("audio", file);
  request.open("POST", "/api/v1/segments");
  request.setRequestHeader("idempotency-key", newKey());
  request.send(form);
  return { done, cancel: async () => request.abort() };
}
