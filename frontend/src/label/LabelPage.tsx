/** The labelling desk: segments of both dates, and what they are. */

import { useEffect, useRef, useState } from "preact/hooks";
import { getJson } from "../data/http.ts";
import { serverOf } from "../page.ts";
import type { PageFacts } from "../page.ts";
import { KeyList } from "../result/KeyList.tsx";
import { SwipeLine } from "../result/SwipeLine.tsx";
import "../style/label.css";
import { announcement } from "../ui/announce.ts";
import { Failure } from "../ui/Failure.tsx";
import { listenToKeys } from "../ui/keys.ts";
import { keysOf } from "./keys.ts";
import { LabelOverlay } from "./LabelOverlay.tsx";
import { LabelPanel } from "./LabelPanel.tsx";
import { LabelStage } from "./stage.ts";
import { LabelState } from "./state.ts";
import { Tools } from "./Tools.tsx";
import type { Desk } from "./types.ts";

export function LabelPage({ page }: { page: PageFacts }) {
  const [state, setState] = useState<LabelState | null>(null);
  const [failure, setFailure] = useState("");
  const root = serverOf(page);
  useEffect(() => {
    const address = `${root}api/labels/${encodeURIComponent(String(page.desk))}`;
    getJson<Desk>(address).then((desk) => setState(new LabelState(desk, address)), (error: Error) => setFailure(error.message));
  }, [page]);
  if (failure) return <Failure message={failure} />;
  if (state === null) return <p class="waiting" role="status">Opening {page.title}</p>;
  return <LabelView state={state} page={page} root={root} onFailure={setFailure} />;
}

function LabelView({ state, page, root, onFailure }: { state: LabelState; page: PageFacts; root: string; onFailure: (message: string) => void }) {
  const place = useRef<HTMLDivElement>(null);
  const [stage, setStage] = useState<LabelStage | null>(null);
  useEffect(() => {
    LabelStage.open(place.current!, state, page.palette, root).then(setStage, (error: Error) => onFailure(error.message));
  }, [state]);
  useEffect(() => (stage === null ? undefined : listenToKeys(() => keysOf(state, stage))), [stage]);
  return (
    <div class="result label-desk" data-ready={stage !== null} data-waiting={state.waiting.value > 0} style={{ "--changed": page.palette.changed, "--unchanged": page.palette.before }}>
      <LabelPanel state={state} page={page} />
      <main class="maps">
        <div class="map" ref={place} />
        {state.view.value === "swipe" && <SwipeLine state={state} />}
        {stage !== null && <LabelOverlay state={state} stage={stage} />}
        <Tools state={state} />
        {stage !== null && state.keysShown.value && <KeyList keys={keysOf(state, stage)} onClose={() => (state.keysShown.value = false)} />}
      </main>
      <p class="unseen" role="status">{announcement.value}</p>
    </div>
  );
}
