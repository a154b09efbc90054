/** The parts of a result's page, and its keys. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ResultData } from "../data/source.ts";
import { watchImages } from "../data/watching.ts";
import type { PageFacts } from "../page.ts";
import { OutlineEditor } from "../review/editor.ts";
import { reviewKeys } from "../review/keys.ts";
import type { Review } from "../review/review.ts";
import { ReviewBar } from "../review/ReviewBar.tsx";
import { announcement } from "../ui/announce.ts";
import { listenToKeys } from "../ui/keys.ts";
import type { Key } from "../ui/keys.ts";
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
  /** Where verdicts can be given. */
  review: Review | null;
  page: PageFacts;
  onFailure: (message: string) => void;
}

export function ResultView({ data, state, review, page, onFailure }: Facts) {
  const [first, second] = [useRef<HTMLDivElement>(null), useRef<HTMLDivElement>(null)];
  const [stage, setStage] = useState<Stage | null>(null);
  useEffect(() => {
    Stage.open(first.current!, second.current!, data, state, page.palette).then(setStage, (error: Error) => onFailure(error.message));
  }, [data]);
  const editor = useMemo(() => (stage === null ? null : new OutlineEditor(stage.map, state, page.palette)), [stage]);
  const isNaming = () => review !== null && review.reviewer.naming.value;
  const keys = () => (stage === null ? [] : merged(review === null || editor === null ? [] : reviewKeys(review, editor), keysOf(state, stage)));
  useEffect(() => (stage === null ? undefined : listenToKeys(() => (isNaming() ? [] : keys()))), [stage]);
  useEffect(() => (stage === null ? undefined : watchImages(stage.map, data, (words) => (state.notice.value = words))), [stage]);
  useEffect(() => {
    if (stage === null || review === null) return;
    const opened = review.open((id) => stage.flyTo(id, document.querySelector<HTMLElement>(".review-bar")?.offsetHeight ?? 0));
    return () => void opened.then((close) => close());
  }, [stage]);
  return (
    <div class="result" data-ready={stage !== null}>
      <Panel state={state} page={page} review={review} />
      <main class="maps" data-reviewed={review !== null} data-mode={state.mode.value} data-measuring={state.measure.value !== null}>
        <div class="map" ref={first} />
        <div class="map second" ref={second} />
        {state.mode.value === "swipe" && <SwipeLine state={state} />}
        {stage !== null && <MapOverlay state={state} stage={stage} />}
        <Toolbar state={state} />
        <p class="image-notice" role="status">{state.notice.value}</p>
        {review !== null && editor !== null && <ReviewBar review={review} editor={editor} />}
        {review === null && state.chosen.value !== null && <ChangeDetails change={state.chosen.value} state={state} />}
        {stage !== null && state.keysShown.value && <KeyList keys={keys()} onClose={() => state.leave()} />}
      </main>
      <p class="unseen" role="status">{announcement.value}</p>
    </div>
  );
}

/** The keys of `first`, and those of `then` that are none of them. */
function merged(first: readonly Key[], then: readonly Key[]): Key[] {
  const taken = new Set(first.map(({ key }) => key));
  return [...first, ...then.filter(({ key }) => !taken.has(key))];
}
