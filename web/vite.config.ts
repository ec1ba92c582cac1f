import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// A station to work against: `loaxa demo`, then `npm run dev`.
const station = process.env.LOAXA_STATION ?? "http://127.0.0.1:8080";

// What the station of this page can, by its own document: the page and the daemon are built together.
const { components } = JSON.parse(readFileSync(new URL("../src/web/openapi.json", import.meta.url), "utf8"));
const CAN = {
  trim: "trim" in components.schemas.SegmentChange.properties,
};

export default defineConfig({
  plugins: [svelte()],
  define: { STATION_CAN: JSON.stringify(CAN) },
  build: {
    // Phones that are some years old: Chrome and Android's WebView 109, Safari 16.
    target: ["chrome109", "safari16", "firefox115"],
    // The page allows no inline anything (Content-Security-Policy): nothing becomes a data: address, nothing an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  server: {
    // the station takes changes only from its own origin
    proxy: { "/api": { target: station, changeOrigin: true, headers: { origin: station } } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
