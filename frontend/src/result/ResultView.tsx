/** The parts of a result's page, and its keys. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { ResultData } from "../data/source.ts";
import type { PageFacts } from "../page.ts";
import { announcement } from "../ui/announce.ts";
import { listenToKeys } from "../ui/keys.ts";
import { keysOf } from "./keys.ts";
import { ChangeDetails } from "./ChangeDetails.tsx";
import { KeyList } from "./KeyList.tsx";
import { MapOverlay } from "./MapOverlay.tsx";
import { Panel } from "./Panel.tsx";
import { Stage } from "./stage.ts";
import type { ResultState } from "./state.ts";
import { SwipeLine } from "./SwipeLine.tsx";
import { Toolbar } from "./Toolbar.tsx";

interface Facts {
  data: ResultData;
  state: ResultState;
  page: PageFacts;
  onFailure: (message: string) => void;
}

export function ResultView({ data, state, page, onFailure }: Facts) {
  const [first, second] = [useRef<HTMLDivElement>(null), useRef<HTMLDivElement>(null)];
  const [stage, setStage] = useState<Stage | null>(null);
  useEffect(() => {
    Stage.open(first.current!, second.current!, data, state, page.palette).then(setStage, (error: Error) => onFailure(error.message));
  }, [data]);
  useEffect(() => (stage === null ? undefined : listenToKeys(() => keysOf(state, stage))), [stage]);
  return (
    <div class="result" data-ready={stage !== null}>
      <Panel state={state} page={page} />
      <main class="maps" data-mode={state.mode.value} data-measuring={state.measure.value !== null}>
        <div class="map" ref={first} />
        <div class="map second" ref={second} />
        {state.mode.value === "swipe" && <SwipeLine state={state} />}
        {stage !== null && <MapOverlay state={state} stage={stage} />}
        <Toolbar state={state} />
        {state.chosen.value !== null && <ChangeDetails change={state.chosen.value} state={state} />}
        {stage !== null && state.keysShown.value && <KeyList keys={keysOf(state, stage)} onClose={() => state.leave()} />}
      </main>
      <p class="unseen" role="status">{announcement.value}</p>
    </div>
  );
}
