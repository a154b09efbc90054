/** How much stands as accepted, rejected and unsure, each with the line that outlines it on the map. */

import { STATUS_COLOURS } from "../map/changes.ts";
import type { Palette } from "../page.ts";
import { counted } from "../ui/words.ts";
import type { ResultState } from "./state.ts";
import { areaOfTotal, STATUSES, totalsOf } from "./totals.ts";

export function ReviewTotals({ state, palette }: { state: ResultState; palette: Palette }) {
  const totals = totalsOf(state.changes.now);
  const line = (colour: string) => <i class="outline-swatch" style={{ "--colour": colour }} aria-hidden="true" />;
  const shown = [...STATUSES.map((status) => [status, STATUS_COLOURS[status]] as const), ["unreviewed", palette.outline] as const];
  return (
    <dl class="review-counts">
      {shown.map(([status, colour]) => (
        <div key={status} data-status={status}><dt>{line(colour)}{status}</dt><dd>{areaOfTotal(totals[status], state.description.unit)} <small>in {counted(totals[status].places, "place")}</small></dd></div>
      ))}
    </dl>
  );
}
