// The licences of what is bundled, one after the other.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const LICENCE = /^(licen[cs]e|copying|notice)(\.|$|-)/i;
/** Words that a text has which grants something, and a name or a link has not. */
const GRANT = /permission is hereby granted|permission to use, copy|redistribution and use|apache license/i;
/** Of packages that are published without the text: files in licences/. */
const KEPT = {
  "@mapbox/jsonlint-lines-primitives": "jsonlint.txt",
  "terra-draw": "terra-draw.txt",
  "terra-draw-maplibre-gl-adapter": "terra-draw.txt",
};

/** The text of LICENSES.txt: of every package that package-lock.json names, but what only builds. */
export function licences(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const bundled = Object.entries(packages)
    .map(([path, facts]) => ({ path, name: path.split("node_modules/").at(-1), ...facts }))
    .filter(({ path, name, dev }) => path !== "" && !dev && !name.startsWith("@types/")); // types do not run
  return `The pages of minenetcd are built of these packages.\n\n${bundled.map((facts) => licenceOf(folder, facts)).join("\n")}`;
}

function licenceOf(folder, { path, name, version, license }) {
  const place = join(folder, path);
  const own = readdirSync(place).filter((file) => LICENCE.test(file)).sort();
  const texts = own.map((file) => readFileSync(join(place, file), "utf8").trim()).join("\n\n");
  const text = [texts, keptText(name), fromReadme(place)].find((each) => GRANT.test(each));
  if (text === undefined) {
    throw new Error(`The text of the licence of ${name} ${version} is needed, the package has none: keep it in frontend/licences, and name it in licences.mjs.`);
  }
  const rule = "=".repeat(80);
  return `${rule}\n${name} ${version}${license ? ` (${license})` : ""}\n${rule}\n\n${text}\n`.replaceAll("\r\n", "\n");
}

function keptText(name) {
  return name in KEPT ? readFileSync(new URL(`licences/${KEPT[name]}`, import.meta.url), "utf8").trim() : "";
}

/** What the README says below a heading "License". */
function fromReadme(place) {
  const readme = readdirSync(place).find((file) => /^readme/i.test(file));
  const text = readme === undefined ? "" : readFileSync(join(place, readme), "utf8");
  return /(?:^#+ *licen[cs]e[^\n]*\n+|^licen[cs]e\n-+\n+)([\s\S]*?)(?=\n#|$(?![\s\S]))/im.exec(text)?.[1]?.trim() ?? "";
}
