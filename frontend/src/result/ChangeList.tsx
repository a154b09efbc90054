/** The changes as a list: only the rows in sight are on the page, so that it may be long. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Change } from "../data/types.ts";
import { share } from "../ui/words.ts";
import { areaInWords, confidenceOf } from "./changes.ts";
import type { ResultState } from "./state.ts";

const ROW = 40; // [px]
const BEYOND = 6; // rows above and below

export function ChangeList({ state }: { state: ResultState }) {
  const list = useRef<HTMLDivElement>(null);
  const [window, setWindow] = useState({ top: 0, height: 600 });
  const shown = state.shown.value;
  const chosen = state.chosenId.value;
  const measure = () => setWindow({ top: list.current!.scrollTop, height: list.current!.clientHeight });
  useEffect(() => {
    const watcher = new ResizeObserver(measure);
    watcher.observe(list.current!);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => reveal(list.current, shown.findIndex(({ properties }) => properties.id === chosen)), [chosen]);

  const first = Math.max(0, Math.floor(window.top / ROW) - BEYOND);
  const rows = shown.slice(first, Math.ceil((window.top + window.height) / ROW) + BEYOND);
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    state.chooseNext(step);
  };
  const empty = state.changes.collection.features.length === 0 ? "Nothing changed here." : "No change is like that.";
  return (
    <div ref={list} class="change-list" role="listbox" aria-label="Changes" tabIndex={0} aria-activedescendant={chosen === null ? undefined : `change-${chosen}`} onScroll={measure} onKeyDown={press}>
      {shown.length === 0 && <p class="empty" role="option" aria-selected={false} aria-disabled>{empty}</p>}
      <div style={{ height: `${shown.length * ROW}px` }} role="presentation">
        {rows.map((change, index) => (
          <Row key={change.properties.id} change={change} place={first + index} of={shown.length} chosen={change.properties.id === chosen} onChoose={() => (state.chosenId.value = change.properties.id)} />
        ))}
      </div>
    </div>
  );
}

function Row({ change, place, of, chosen, onChoose }: { change: Change; place: number; of: number; chosen: boolean; onChoose: () => void }) {
  const { id, status, confidence_mean } = change.properties;
  return (
    <div
      id={`change-${id}`} class="change-row" role="option" aria-selected={chosen} aria-setsize={of} aria-posinset={place + 1}
      data-status={status ?? undefined} style={{ top: `${place * ROW}px` }} onClick={onChoose}
    >
      <span class="number">{id}</span>
      <span class="size">{areaInWords(change)}</span>
      <span class="bar" aria-hidden="true"><i style={{ width: `${confidenceOf(change) * 100}%` }} /></span>
      <span class="confidence"><span class="unseen">confidence </span>{share(confidence_mean)}</span>
    </div>
  );
}

function reveal(list: HTMLElement | null, place: number): void {
  if (list === null || place < 0) return;
  const top = place * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
}
