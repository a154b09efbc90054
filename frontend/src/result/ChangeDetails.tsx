/** All that is known of the change that is chosen. */

import { useEffect } from "preact/hooks";
import type { Change, ChangeProperties, Description } from "../data/types.ts";
import { metres } from "../map/ground.ts";
import { announce } from "../ui/announce.ts";
import { IconButton } from "../ui/Button.tsx";
import { counted, share } from "../ui/words.ts";
import { areaInWords } from "./changes.ts";
import type { ResultState } from "./state.ts";

export function ChangeDetails({ change, state }: { change: Change; state: ResultState }) {
  const { id, confidence_mean } = change.properties;
  useEffect(() => announce(`Change ${id}: ${areaInWords(change)}, confidence ${share(confidence_mean)}`), [id]);
  return (
    <article class="card details" aria-label={`Change ${id}`}>
      <header>
        <h3>Change {id}</h3>
        <IconButton icon="close" label="Let this change go" onPress={() => (state.chosenId.value = null)} />
      </header>
      <dl>
        {facts(change, state.description).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
    </article>
  );
}

function facts(change: Change, description: Description): [string, string][] {
  const own = change.properties;
  const found: [string, string | null][] = [
    ["Area", areaInWords(change)],
    ["Perimeter", perimeter(own)],
    ["Dates", dates(own, description)],
    ["Confidence", `${share(own.confidence_mean)} on average${own.confidence_p10 === null ? "" : `, a tenth of its pixels below ${share(own.confidence_p10)}`}`],
    [description.second_opinion === null ? "Second opinion" : `${description.second_opinion} agrees`, agreement(own, description)],
    ["Seen", own.touches_nodata ? `${seen(own.valid_fraction)}: it may go on where there is none` : null],
    ["Kind", text(own.kind)],
    ["Concession", text(own.lease)],
    ["Concession is", text(own.lease_status)],
    ["To known mines", typeof own.distance_m === "number" ? metres(own.distance_m) : null],
    ["Verdict", own.status ?? null],
    ["Comment", text(own.comment)],
  ];
  return found.filter((fact): fact is [string, string] => fact[1] !== null);
}

function perimeter({ perimeter_m, perimeter_px }: ChangeProperties): string | null {
  if (typeof perimeter_m === "number") return metres(perimeter_m);
  return typeof perimeter_px === "number" ? counted(Math.round(perimeter_px), "pixel") : null;
}

function dates({ date_before, date_after }: ChangeProperties, { dates: [before, after] }: Description): string {
  return `${day(date_before) ?? before?.label} to ${day(date_after) ?? after?.label}`;
}

function day(date: string | null | undefined): string | null {
  return date ? date.slice(0, 10) : null;
}

function agreement({ agreement: agrees }: ChangeProperties, { second_opinion }: Description): string | null {
  if (second_opinion === null) return null;
  return typeof agrees === "number" ? `on ${Math.round(agrees * 100)} % of it` : "not known";
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** How much of its outline has data beyond it: the rest lies at missing data, or at the edge of the images. */
function seen(fraction: number | null | undefined): string {
  return typeof fraction === "number" ? `data beyond ${Math.round(100 * fraction)} % of its outline` : "not data all around its outline";
}
