/** How far a review is, who judges, and accepting all that is sure enough. */

import { counted, number } from "../ui/words.ts";
import type { Review } from "./review.ts";
import type { Part } from "./types.ts";

export function ReviewPanel({ review }: { review: Review }) {
  const counts = review.counts.value;
  const places = review.state.changes.collection.features.length;
  return (
    <section class="review" aria-label="Review">
      <div class="row">
        <h2>Review</h2>
        <span class="count">{review.reviewed.value.toLocaleString("en")} of {places.toLocaleString("en")}</span>
        {review.delivery.waiting.value > 0 && <span class="count" role="status">{counted(review.delivery.waiting.value, "verdict")} on the way</span>}
      </div>
      <progress max={Math.max(1, places)} value={review.reviewed.value} aria-label="Changes with a verdict" />
      {counts !== null && (
        <dl class="review-counts">
          {(["accepted", "rejected", "unsure"] as const).map((status) => (
            <div key={status} data-status={status}><dt>{status}</dt><dd>{area(counts[status])} <small>in {counted(counts[status].places, "place")}</small></dd></div>
          ))}
        </dl>
      )}
      <AcceptAbove review={review} />
      <p class="reviewer">
        {review.reviewer.signature === "" ? "Your name is asked for with the first verdict." : <>Judging as <b>{review.reviewer.signature}</b> <button type="button" class="plain" onClick={() => review.reviewer.rename()}>Change</button></>}
      </p>
    </section>
  );
}

function AcceptAbove({ review }: { review: Review }) {
  const sure = review.sureEnough;
  return (
    <div class="accept-above">
      <label>
        <span>Confidence from</span>
        <input type="number" min="0" max="1" step="0.01" value={review.confidence.value} onInput={(event) => setConfidence(review, event.currentTarget.value)} />
      </label>
      <button type="button" class="verdict" data-status="accepted" disabled={sure === 0} onClick={() => void review.acceptAbove()}>Accept all {sure.toLocaleString("en")}</button>
    </div>
  );
}

function setConfidence(review: Review, text: string): void {
  const value = Number(text);
  if (text !== "" && value >= 0 && value <= 1) review.confidence.value = value;
}

/** 1.20 ha, or 12,345 pixels. */
function area({ hectares, pixels }: Part): string {
  return hectares !== null ? `${number(hectares)} ha` : counted(Math.round(pixels ?? 0), "pixel");
}
