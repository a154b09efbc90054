/** The keys of a result's page. */

import { mapKeys } from "../map/keys.ts";
import type { Key } from "../ui/keys.ts";
import type { Stage } from "./stage.ts";
import type { ResultState } from "./state.ts";

const FINE = 0.01; // of the threshold

export function keysOf(state: ResultState, stage: Stage): Key[] {
  const move = (step: number) => () => state.moveThreshold(step);
  return [
    { key: "1", what: "swipe between both dates", run: () => state.setMode("swipe") },
    { key: "2", what: "side by side", run: () => state.setMode("side") },
    { key: "3", what: "blink; again: the other date", run: () => state.setMode("blink") },
    { key: "p", what: "probability on or off", run: () => (state.probability.value = !state.probability.value) },
    { key: "o", what: "outlines on or off", run: () => (state.outlines.value = !state.outlines.value) },
    { key: "[", what: "lower the threshold", run: move(-FINE) },
    { key: "]", what: "raise the threshold", run: move(FINE) },
    { key: "n", what: "next change of the list", run: () => state.chooseNext(1) },
    { key: "d", what: "measure a distance", run: () => state.startMeasuring("distance") },
    { key: "m", what: "measure an area", run: () => state.startMeasuring("area") },
    { key: "f", what: "all of the result", run: () => stage.showAll() },
    ...mapKeys(stage.map),
    { key: "Enter", run: () => measureIfFree(state, stage), on: "map" },
    { key: "Backspace", run: () => state.takeBackPoint() },
    { key: "Escape", what: "end measuring, or let a change go", run: () => state.leave() },
    { key: "?", what: "these keys", run: () => (state.keysShown.value = !state.keysShown.value) },
  ];
}

function measureIfFree(state: ResultState, stage: Stage): void {
  if (state.measure.value !== null) stage.measureMiddle();
}
