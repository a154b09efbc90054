/** The line between both dates, moved by pointer, touch or arrow keys. */

import { useRef } from "preact/hooks";
import { Icon } from "../ui/Icon.tsx";
import type { ResultState } from "./state.ts";

const STEP = 0.02;

export function SwipeLine({ state }: { state: Pick<ResultState, "share"> }) {
  const handle = useRef<HTMLDivElement>(null);
  const set = (share: number) => (state.share.value = Math.min(1, Math.max(0, share)));
  const follow = (event: PointerEvent) => {
    const { left, width } = handle.current!.parentElement!.getBoundingClientRect();
    set((event.clientX - left) / width);
  };
  const press = (event: KeyboardEvent) => {
    const places: Record<string, number> = { ArrowLeft: state.share.value - STEP, ArrowRight: state.share.value + STEP, Home: 0, End: 1 };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    set(place);
  };
  return (
    <div
      ref={handle}
      class="swipe"
      style={{ left: `${state.share.value * 100}%` }}
      role="slider"
      tabIndex={0}
      aria-label="Line between the earlier date on its left and the later one"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(state.share.value * 100)}
      aria-valuetext={`${Math.round(state.share.value * 100)} % of the width`}
      onKeyDown={press}
      onPointerDown={(event) => {
        handle.current!.setPointerCapture(event.pointerId);
        event.preventDefault();
        handle.current!.focus({ preventScroll: true });
      }}
      onPointerMove={(event) => handle.current!.hasPointerCapture(event.pointerId) && follow(event)}
    >
      <span class="grip"><Icon name="swipe" /></span>
    </div>
  );
}
