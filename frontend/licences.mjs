// The licences of what is bundled, one after the other.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const LICENCE = /^(licen[cs]e|copying|notice)(\.|$|-)/i;

/** The text of LICENSES.txt: of the packages whose files `inputs` names, and of MapLibre with all it is made of. */
export function licences(folder, inputs) {
  const names = new Set(inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean));
  withDependencies(folder, "maplibre-gl", names);
  const parts = [...names].sort().map((name) => licenceOf(folder, name));
  return `The pages of minenetcd contain these packages.\n\n${parts.join("\n")}`;
}

function withDependencies(folder, name, names) {
  names.add(name);
  for (const next of Object.keys(facts(folder, name).dependencies ?? {})) {
    // types are no part of what runs
    if (!names.has(next) && !next.startsWith("@types/") && existsSync(join(folder, "node_modules", next))) {
      withDependencies(folder, next, names);
    }
  }
}

function licenceOf(folder, name) {
  const place = join(folder, "node_modules", name);
  const { version, license } = facts(folder, name);
  const texts = readdirSync(place).filter((file) => LICENCE.test(file)).sort();
  const text = texts.map((file) => readFileSync(join(place, file), "utf8").trim()).join("\n\n");
  const heading = `${name} ${version} (${license})`;
  return `${"=".repeat(80)}\n${heading}\n${"=".repeat(80)}\n\n${text || `Licence: ${license}`}\n`.replaceAll("\r\n", "\n");
}

function facts(folder, name) {
  return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8"));
}
