/** How far a review is, who judges, and accepting all that is sure enough. */

import type { Palette } from "../page.ts";
import { ReviewTotals } from "../result/ReviewTotals.tsx";
import { counted } from "../ui/words.ts";
import type { Review } from "./review.ts";

export function ReviewPanel({ review, palette }: { review: Review; palette: Palette }) {
  const counts = review.counts.value;
  const places = review.state.changes.collection.features.length;
  if (places === 0) return <section class="review" aria-label="Review"><h2>Review</h2><p class="reviewer">Nothing changed here: there is nothing to judge.</p></section>;
  return (
    <section class="review" aria-label="Review">
      <div class="row">
        <h2>Review</h2>
        <span class="count">{review.reviewed.value.toLocaleString("en")} of {places.toLocaleString("en")}</span>
        {review.delivery.waiting.value > 0 && <span class="count" role="status">{counted(review.delivery.waiting.value, "verdict")} on the way</span>}
      </div>
      <progress max={Math.max(1, places)} value={review.reviewed.value} aria-label="Changes with a verdict" />
      {counts !== null && <ReviewTotals state={review.state} palette={palette} />}
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
