/** What lies over the map: which date is seen where, scale, coordinates, what is measured, zoom. */

import { useEffect, useState } from "preact/hooks";
import type { DateFacts } from "../data/types.ts";
import { groundOf } from "../map/ground.ts";
import { measured } from "../map/measure.ts";
import { IconButton } from "../ui/Button.tsx";
import { ScaleBar } from "./ScaleBar.tsx";
import type { Stage } from "./stage.ts";
import type { ResultState } from "./state.ts";

export function MapOverlay({ state, stage }: { state: ResultState; stage: Stage }) {
  const { map } = stage;
  const ground = groundOf(state.description);
  return (
    <>
      <DateLabels state={state} />
      <Measuring state={state} />
      {state.measure.value !== null && <span class="crosshair" aria-hidden="true" />}
      <div class="readout">
        <ScaleBar map={map} ground={ground} />
        <output class="coordinates" aria-label="Coordinates of the pointer">{state.pointer.value === null ? "" : ground.coordinates(state.pointer.value)}</output>
      </div>
      <div class="card zoom">
        <IconButton icon="plus" label="Closer" shortcut="+" onPress={() => void map.zoomIn()} />
        <IconButton icon="minus" label="Farther" shortcut="-" onPress={() => void map.zoomOut()} />
        <IconButton icon="all" label="All of the result" shortcut="f" onPress={() => stage.showAll()} />
      </div>
    </>
  );
}

function DateLabels({ state }: { state: ResultState }) {
  const [before, after] = state.description.dates as [DateFacts, DateFacts];
  if (state.mode.value !== "blink") {
    return (
      <>
        <p class="date before"><b>Before</b> {before.label}</p>
        <p class="date after"><b>After</b> {after.label}</p>
      </>
    );
  }
  const shown = state.front.value === "before" ? before : after;
  const goesOn = state.blinking.value;
  return (
    <div class={`date blinking ${shown.role}`}>
      <span aria-live={goesOn ? "off" : "polite"}><b>{shown.role === "before" ? "Before" : "After"}</b> {shown.label}</span>
      <IconButton icon={goesOn ? "pause" : "play"} label={goesOn ? "Stop blinking" : "Go on blinking"} onPress={() => (state.blinking.value = !goesOn)} />
    </div>
  );
}

function Measuring({ state }: { state: ResultState }) {
  const kind = state.measure.value;
  const [still, setStill] = useState("");
  const points = state.points.value;
  const ahead = points.length > 0 && state.pointer.value !== null ? [...points, state.pointer.value] : points;
  const ground = groundOf(state.description);
  const set = kind === null ? null : measured(ground, kind, points);
  useEffect(() => setStill(set ?? ""), [set]);
  if (kind === null) return null;
  const value = measured(ground, kind, ahead);
  return (
    <div class="card measuring">
      <span class="value" data-kind={kind}>{value ?? (kind === "distance" ? "Set two points or more" : "Set three points or more")}</span>
      <span class="unseen" role="status">{still}</span>
      <button type="button" class="plain" disabled={points.length === 0} onClick={() => state.takeBackPoint()}>Take back</button>
      <button type="button" class="plain" onClick={() => state.startMeasuring(kind)}>Done</button>
      <small>Click or tap, or press Enter to set the middle of the map</small>
    </div>
  );
}
