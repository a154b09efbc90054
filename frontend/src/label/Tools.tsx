/** What a click or a line does. */

import { Choice, IconButton } from "../ui/Button.tsx";
import type { LabelState } from "./state.ts";

const TOOLS = [
  { value: "click", label: "Click", icon: "click", shortcut: "c" },
  { value: "brush", label: "Brush", icon: "brush", shortcut: "b" },
  { value: "split", label: "Split", icon: "split", shortcut: "x" },
  { value: "merge", label: "Merge", icon: "merge", shortcut: "m" },
] as const;

export function Tools({ state }: { state: LabelState }) {
  return (
    <div class="card toolbar" role="toolbar" aria-label="Tools">
      <Choice name="tool" label="What a click or a line does" value={state.tool.value} options={TOOLS} onChoose={(tool) => state.setTool(tool)} />
      <span class="parting" />
      <IconButton icon="undo" label="Undo" shortcut="z" disabled={!state.desk.value.can_undo} onPress={() => state.undo()} />
      <IconButton icon="outlines" label="Outlines of segments" shortcut="o" pressed={state.outlines.value} onPress={() => (state.outlines.value = !state.outlines.value)} />
      <span class="parting keys-parting" />
      <IconButton icon="keys" label="Keys" shortcut="?" pressed={state.keysShown.value} onPress={() => (state.keysShown.value = !state.keysShown.value)} />
    </div>
  );
}
