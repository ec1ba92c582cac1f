// What a phone loads before it can show the first page, compressed: fails beyond the limit.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const LIMIT = 250_000;
const dist = new URL("../dist/", import.meta.url);
const names = (await readdir(dist, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`.slice(dist.pathname.length).replace(/^\//, ""));

const weights = new Map();
for (const name of names.filter((name) => !name.endsWith(".gz"))) {
  const bytes = await readFile(new URL(name, dist));
  const packed = gzipSync(bytes, { level: 9 });
  weights.set(name, packed.length);
  // The daemon serves these as they are; what does not shrink (pictures) is sent plain.
  if (packed.length < bytes.length * 0.9) await writeFile(new URL(`${name}.gz`, dist), packed);
}

const html = await readFile(new URL("index.html", dist), "utf8");
const first = new Set(["index.html", ...[...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1])]);
const total = [...first].reduce((sum, name) => sum + (weights.get(name) ?? 0), 0);
for (const [name, weight] of [...weights].sort((a, b) => b[1] - a[1])) {
  console.log(`${String(weight).padStart(8)}  ${first.has(name) ? "first " : "later "} ${name}`);
}
console.log(`first load: ${total} bytes compressed, ${first.size} files (limit ${LIMIT})`);
if (total > LIMIT) process.exit(1);
