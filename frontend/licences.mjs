// The licences of what is bundled, one after the other.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const LICENCE = /^(licen[cs]e|copying|notice)(\.|$|-)/i;

/** The text of LICENSES.txt: of every package that package-lock.json names, but what only builds. */
export function licences(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const bundled = Object.entries(packages)
    .map(([path, facts]) => ({ path, name: path.split("node_modules/").at(-1), ...facts }))
    .filter(({ path, name, dev }) => path !== "" && !dev && !name.startsWith("@types/")); // types do not run
  return `The pages of minenetcd contain these packages.\n\n${bundled.map((facts) => licenceOf(folder, facts)).join("\n")}`;
}

function licenceOf(folder, { path, name, version, license }) {
  const place = join(folder, path);
  const texts = readdirSync(place).filter((file) => LICENCE.test(file)).sort();
  const text = texts.map((file) => readFileSync(join(place, file), "utf8").trim()).join("\n\n") || fromReadme(place);
  const heading = `${name} ${version}${license ? ` (${license})` : ""}`;
  return `${"=".repeat(80)}\n${heading}\n${"=".repeat(80)}\n\n${text || (license ? `Licence: ${license}` : "The package states no licence.")}\n`.replaceAll("\r\n", "\n");
}

/** What the README says below a heading "License". */
function fromReadme(place) {
  const readme = readdirSync(place).find((file) => /^readme/i.test(file));
  const text = readme === undefined ? "" : readFileSync(join(place, readme), "utf8");
  return /(?:^#+ *licen[cs]e[^\n]*\n+|^licen[cs]e\n-+\n+)([\s\S]*?)(?=\n#|$(?![\s\S]))/im.exec(text)?.[1]?.trim() ?? "";
}
