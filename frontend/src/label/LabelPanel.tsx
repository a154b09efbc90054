/** How much is labelled, as what, at which scale, and what is done with all of it. */

import { useState } from "preact/hooks";
import type { PageFacts } from "../page.ts";
import { IconButton } from "../ui/Button.tsx";
import { isNarrow } from "../ui/narrow.ts";
import { counted, number } from "../ui/words.ts";
import type { LabelState, View } from "./state.ts";
import type { Label } from "./types.ts";

const LABELS: { value: Label; text: string; shortcut: string }[] = [
  { value: "changed", text: "Changed", shortcut: "a" },
  { value: "unchanged", text: "Unchanged", shortcut: "r" },
  { value: "none", text: "Not labelled", shortcut: "e" },
];
const VIEWS: { value: View; text: string; shortcut: string }[] = [
  { value: "swipe", text: "Both", shortcut: "1" },
  { value: "before", text: "Before", shortcut: "2" },
  { value: "after", text: "After", shortcut: "3" },
];

export function LabelPanel({ state, page }: { state: LabelState; page: PageFacts }) {
  const [open, setOpen] = useState(false); // on a phone; elsewhere it always is
  return (
    <aside class="panel" data-open={open} aria-label="The labels">
      <Heading state={state} open={open} onOpen={() => setOpen(!open)} />
      <div class="panel-body">
        {!isNarrow.value && <LabelChoice state={state} />}
        <ScaleSlider state={state} />
        {state.tool.value === "brush" && <BrushSlider state={state} />}
        <Row name="view" legend="Dates" value={state.view.value} options={VIEWS} onChoose={(view) => (state.view.value = view)} />
        <Whole state={state} />
        <footer>minenetcd {page.version}</footer>
      </div>
    </aside>
  );
}

/** What a click or a line labels as. */
export function LabelChoice({ state }: { state: LabelState }) {
  return <Row name="label" legend="Label as" value={state.label.value} options={LABELS} onChoose={(label) => (state.label.value = label)} />;
}

function Heading({ state, open, onOpen }: { state: LabelState; open: boolean; onOpen: () => void }) {
  const { dates, title } = state.facts;
  const { changed, unchanged, not_labelled, hectares } = state.desk.value.counts;
  const labelled = (changed + unchanged) / Math.max(1, changed + unchanged + not_labelled);
  return (
    <header class="heading">
      <p class="eyebrow">Labels</p>
      <h1 title={title}>{dates[0].label} <span aria-label="to">→</span> {dates[1].label}</h1>
      <dl class="figures">
        <div><dt>changed</dt><dd class="changed-figure">{hectares !== null ? <>{number(hectares)} <small>ha</small></> : <>{number(changed)} <small>pixels</small></>}</dd></div>
        <div><dt>labelled</dt><dd class="labelled-figure">{percent(labelled)} <small>%</small></dd></div>
      </dl>
      <div class="open-panel">
        <IconButton icon={open ? "down" : "up"} label={open ? "Show less" : "Show more"} onPress={onOpen} />
      </div>
    </header>
  );
}

function Row<T extends string>({ name, legend, value, options, onChoose }: {
  name: string;
  legend: string;
  value: T;
  options: readonly { value: T; text: string; shortcut: string }[];
  onChoose: (value: T) => void;
}) {
  return (
    <fieldset class="one-of">
      <legend>{legend}</legend>
      <div>
        {options.map((option) => (
          <label key={option.value} data-value={option.value} title={`${option.text} (${option.shortcut})`}>
            <input type="radio" name={name} value={option.value} checked={option.value === value} onChange={() => onChoose(option.value)} />
            {option.text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function ScaleSlider({ state }: { state: LabelState }) {
  const { scales } = state.facts;
  const { scale, segments, width } = scales[state.level.value]!;
  return (
    <section class="slider">
      <label for="scale"><b>Scale {Math.round(scale)}</b><span>{counted(segments, "segment")}, about {Math.round(width)} px wide</span></label>
      <input id="scale" type="range" min={0} max={scales.length - 1} value={state.level.value} aria-valuetext={`${scale}: ${counted(segments, "segment")}`} onInput={(event) => (state.level.value = event.currentTarget.valueAsNumber)} />
      <p class="row ends"><span>finer</span><span>coarser</span></p>
    </section>
  );
}

function BrushSlider({ state }: { state: LabelState }) {
  return (
    <section class="slider">
      <label for="radius"><b>Brush</b><span>{counted(2 * state.radius.value, "pixel")} wide</span></label>
      <input id="radius" type="range" min={1} max={60} value={state.radius.value} onInput={(event) => state.setRadius(event.currentTarget.valueAsNumber)} />
    </section>
  );
}

function Whole({ state }: { state: LabelState }) {
  const rest = state.desk.value.counts.not_labelled;
  return (
    <section class="whole">
      {state.facts.proposes && <button type="button" class="wide-button" onClick={() => state.propose()}>Take over the map's changes</button>}
      <button type="button" class="wide-button" disabled={rest === 0} onClick={() => state.labelRest()}>All the rest is unchanged</button>
      <button type="button" class="wide-button main" aria-keyshortcuts="s" onClick={() => state.save()}>{state.isSaved.value ? "Saved" : "Save mask and polygons"}</button>
      {state.restIsOpen.value && <p class="not-labelled" role="status">Only what changed is labelled, the rest is not, and a detector learns from labels alone. If nothing else changed, "All the rest is unchanged" is one click.</p>}
      <p class="said" data-failed={state.failed.value}>{state.said.value || "Every act is kept at once; saving writes the files for training."}</p>
    </section>
  );
}

/** Never 100 before all is done. */
function percent(share: number): string {
  return share < 1 ? (Math.floor(share * 1000) / 10).toFixed(1) : "100";
}
