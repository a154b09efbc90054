// Builds what pages run in the browser: `npm run build [-- FOLDER]`, without a folder into minenetcd/web/bundle.
//
// maplibre.js  MapLibre as published: it makes its worker of its own text, which rewriting it would break
// app.js       everything in src, and the small libraries it uses
// app.css      its style
// LICENSES.txt of all that is in these files
//
// Equal sources and an equal package-lock.json make equal files, byte for byte.

import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { licences } from "./licences.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "..", "minenetcd", "web", "bundle"));

const mapLibreStandsBeside = {
  name: "maplibre stands beside",
  setup(build) {
    build.onResolve({ filter: /^maplibre-gl$/ }, () => ({ path: "maplibre-gl", namespace: "beside" }));
    build.onLoad({ filter: /.*/, namespace: "beside" }, () => ({ contents: "module.exports = globalThis.maplibregl;" }));
  },
};

const result = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  bundle: true,
  minify: true,
  write: false,
  outdir: out,
  format: "iife",
  target: ["es2022", "chrome100", "firefox100", "safari16"],
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [mapLibreStandsBeside],
});

const mapLibre = readFileSync(join(here, "node_modules/maplibre-gl/dist/maplibre-gl.js"), "utf8");
mkdirSync(out, { recursive: true });
for (const file of result.outputFiles) writeFileSync(file.path, file.contents);
writeFileSync(join(out, "maplibre.js"), mapLibre.replace(/\n?\/\/# sourceMappingURL=.*\n?$/, "\n"));
writeFileSync(join(out, "LICENSES.txt"), licences(here));
