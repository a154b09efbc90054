/** How the map is looked at. */

import { Choice, IconButton } from "../ui/Button.tsx";
import type { ResultState } from "./state.ts";

const MODES = [
  { value: "swipe", label: "Swipe", icon: "swipe", shortcut: "1" },
  { value: "side", label: "Side by side", icon: "side", shortcut: "2" },
  { value: "blink", label: "Blink", icon: "blink", shortcut: "3" },
] as const;

export function Toolbar({ state }: { state: ResultState }) {
  const { layers } = state.description;
  const measuring = state.measure.value;
  return (
    <div class="card toolbar" role="toolbar" aria-label="View">
      <Choice name="mode" label="How both dates are compared" value={state.mode.value} options={MODES} onChoose={(mode) => state.setMode(mode)} />
      <span class="parting" />
      <IconButton icon="probability" label="Probability of change" shortcut="p" pressed={state.probability.value} disabled={layers.probability === undefined} onPress={() => (state.probability.value = !state.probability.value)} />
      <IconButton icon="outlines" label="Outlines of changes" shortcut="o" pressed={state.outlines.value} onPress={() => (state.outlines.value = !state.outlines.value)} />
      <span class="parting" />
      <IconButton icon="distance" label="Measure a distance" shortcut="d" pressed={measuring === "distance"} onPress={() => state.startMeasuring("distance")} />
      <IconButton icon="area" label="Measure an area" shortcut="m" pressed={measuring === "area"} onPress={() => state.startMeasuring("area")} />
      <span class="parting keys-parting" />
      <IconButton icon="keys" label="Keys" shortcut="?" pressed={state.keysShown.value} onPress={() => (state.keysShown.value = !state.keysShown.value)} />
    </div>
  );
}
