/** What is known of a result: its numbers, warnings, threshold, and its changes one by one. */

import { useState } from "preact/hooks";
import type { DateFacts } from "../data/types.ts";
import type { PageFacts, Palette } from "../page.ts";
import type { Review } from "../review/review.ts";
import { ReviewPanel } from "../review/ReviewPanel.tsx";
import { IconButton } from "../ui/Button.tsx";
import { counted, number } from "../ui/words.ts";
import { ChangeDetails } from "./ChangeDetails.tsx";
import { ChangeFilter } from "./ChangeFilter.tsx";
import { ChangeList } from "./ChangeList.tsx";
import type { ResultState } from "./state.ts";
import { ReviewTotals } from "./ReviewTotals.tsx";
import { Threshold } from "./Threshold.tsx";
import { areaOfTotal, isReviewed, STATUSES, totalsOf } from "./totals.ts";

export function Panel({ state, page, review }: { state: ResultState; page: PageFacts; review: Review | null }) {
  const [open, setOpen] = useState(false); // on a phone; elsewhere it always is
  return (
    <aside class="panel" data-open={open} data-reviewed={review !== null} aria-label="The result">
      <Heading state={state} open={open} onOpen={() => setOpen(!open)} />
      <div class="panel-body">
        {review !== null && <ReviewPanel review={review} palette={page.palette} />}
        {review === null && <Reviewed state={state} palette={page.palette} />}
        {review !== null && state.chosen.value !== null && <ChangeDetails change={state.chosen.value} state={state} />}
        <Warnings warnings={state.description.warnings} />
        {state.description.layers.probability !== undefined && <Threshold state={state} palette={page.palette} />}
        <section class="changes" aria-label="Changes">
          <ChangeFilter state={state} />
          <ChangeList state={state} />
        </section>
        <footer>{page["home"] === true && <><a href={`${page.root}sites`}>All results</a> · </>}{state.description.detector}, minenetcd {page.version}</footer>
      </div>
    </aside>
  );
}

function Heading({ state, open, onOpen }: { state: ResultState; open: boolean; onOpen: () => void }) {
  const { dates, hectares, changed_pixels, places, title, unit } = state.description;
  const totals = totalsOf(state.changes.now);
  const reviewed = isReviewed(totals);
  const [before, after] = dates as [DateFacts, DateFacts];
  return (
    <header class="heading">
      <p class="eyebrow">Change map</p>
      <h1 title={title}>{before.label} <span aria-label="to">→</span> {after.label}</h1>
      {title !== `${before.label} to ${after.label}` && <p class="sources">{title}</p>}
      <FalseColours dates={[before, after]} />
      <dl class="figures" data-reviewed={reviewed}>
        <div><dt>{reviewed ? "by the map" : "changed"}</dt><dd>{hectares !== null ? <>{number(hectares)} <small>ha</small></> : <>{number(changed_pixels ?? 0)} <small>pixels</small></>}</dd></div>
        {reviewed && <div class="accepted"><dt>accepted</dt><dd>{number(totals.accepted.area)} <small>{unit === "ha" ? "ha" : "pixels"}</small></dd></div>}
        <div><dt>{places === 1 ? "place" : "places"}</dt><dd>{places.toLocaleString("en")}</dd></div>
      </dl>
      {reviewed && <p class="verdict-sums">{STATUSES.slice(1).map((status) => `${status} ${areaOfTotal(totals[status], unit)}`).join(", ")}, not reviewed {areaOfTotal(totals.unreviewed, unit)}</p>}
      <div class="open-panel">
        <IconButton icon={open ? "down" : "up"} label={open ? "Show less of the result" : "Show more of the result"} onPress={onOpen} />
      </div>
    </header>
  );
}

/** Which bands are shown, where they are not the true red, green and blue. */
function FalseColours({ dates: [before, after] }: { dates: [DateFacts, DateFacts] }) {
  if (!before.bands && !after.bands) return null;
  const same = before.bands === after.bands;
  const words = same ? before.bands : [before, after].filter(({ bands }) => bands).map(({ role, bands }) => `${role}: ${bands}`).join("; ");
  return <p class="sources">False colours: {words}</p>;
}

/** What people said, where nobody can say more. */
function Reviewed({ state, palette }: { state: ResultState; palette: Palette }) {
  if (!isReviewed(totalsOf(state.changes.now))) return null;
  return <section class="review" aria-label="Review"><h2>Review</h2><ReviewTotals state={state} palette={palette} /></section>;
}

function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  return (
    <details class="warnings">
      <summary>{counted(warnings.length, "warning")}</summary>
      <ul>{warnings.map((warning) => <li key={warning}>{warning}</li>)}</ul>
    </details>
  );
}
