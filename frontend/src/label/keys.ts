/** The keys of a labelling desk. */

import { mapKeys } from "../map/keys.ts";
import type { Key } from "../ui/keys.ts";
import type { LabelStage } from "./stage.ts";
import type { LabelState } from "./state.ts";

export function keysOf(state: LabelState, stage: LabelStage): Key[] {
  return [
    { key: "a", what: "label as changed", run: () => (state.label.value = "changed") },
    { key: "r", what: "label as unchanged", run: () => (state.label.value = "unchanged") },
    { key: "e", what: "take labels off", run: () => (state.label.value = "none") },
    { key: "c", what: "click segments", run: () => state.setTool("click") },
    { key: "b", what: "brush over segments", run: () => state.setTool("brush") },
    { key: "x", what: "split a segment", run: () => state.setTool("split") },
    { key: "m", what: "merge segments along a line", run: () => state.setTool("merge") },
    { key: "[", what: "finer segments", run: () => state.moveScale(-1) },
    { key: "]", what: "coarser segments", run: () => state.moveScale(1) },
    { key: ",", what: "narrower brush", run: () => state.setRadius(state.radius.value - 1) },
    { key: ".", what: "broader brush", run: () => state.setRadius(state.radius.value + 1) },
    { key: "z", what: "undo", run: () => state.undo() },
    { key: "s", what: "save", run: () => state.save() },
    { key: "1", what: "both dates, beside a line", run: () => (state.view.value = "swipe") },
    { key: "2", what: "the earlier date", run: () => (state.view.value = "before") },
    { key: "3", what: "the later date", run: () => (state.view.value = "after") },
    { key: "o", what: "outlines on or off", run: () => (state.outlines.value = !state.outlines.value) },
    { key: "f", what: "all of the images", run: () => stage.showAll() },
    ...mapKeys(stage.map),
    { key: "Enter", what: "the tool on the middle of the map", run: () => stage.useMiddle(), on: "map" },
    { key: "?", what: "these keys", run: () => (state.keysShown.value = !state.keysShown.value) },
    { key: "Escape", run: () => (state.keysShown.value = false) },
  ];
}
