/** What lies over the map of a desk: dates, scale bar, zoom. */

import { groundOf } from "../map/ground.ts";
import { ScaleBar } from "../result/ScaleBar.tsx";
import { IconButton } from "../ui/Button.tsx";
import { isNarrow } from "../ui/narrow.ts";
import { LabelChoice } from "./LabelPanel.tsx";
import type { LabelStage } from "./stage.ts";
import type { LabelState } from "./state.ts";

export function LabelOverlay({ state, stage }: { state: LabelState; stage: LabelStage }) {
  const [before, after] = state.facts.dates;
  const view = state.view.value;
  return (
    <>
      {view !== "after" && <p class="date before"><b>Before</b> {before.label}</p>}
      {view !== "before" && <p class="date after"><b>After</b> {after.label}</p>}
      {state.failed.value && <p class="card notice" role="alert">{state.said.value}</p>}
      {isNarrow.value && <div class="card label-choice"><LabelChoice state={state} /></div>}
      <div class="readout"><ScaleBar map={stage.map} ground={groundOf(state.facts)} /></div>
      <div class="card zoom">
        <IconButton icon="plus" label="Closer" shortcut="+" onPress={() => void stage.map.zoomIn()} />
        <IconButton icon="minus" label="Farther" shortcut="-" onPress={() => void stage.map.zoomOut()} />
        <IconButton icon="all" label="All of the images" shortcut="f" onPress={() => stage.showAll()} />
      </div>
    </>
  );
}
