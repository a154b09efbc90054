/** What people said of the changes of a result, added up. */

import type { ChangeCollection } from "../data/types.ts";
import { counted, number } from "../ui/words.ts";
import { areaOf } from "./changes.ts";

export const STATUSES = ["accepted", "rejected", "unsure"] as const;
export type Standing = (typeof STATUSES)[number] | "unreviewed";

export interface Total {
  places: number;
  /** In the unit of the result. */
  area: number;
}

export function totalsOf({ features }: ChangeCollection): Record<Standing, Total> {
  const totals = { accepted: none(), rejected: none(), unsure: none(), unreviewed: none() };
  for (const change of features) {
    const total = totals[change.properties.status ?? "unreviewed"];
    total.places += 1;
    total.area += areaOf(change);
  }
  return totals;
}

/** Whether anything was said of any of them. */
export function isReviewed(totals: Record<Standing, Total>): boolean {
  return STATUSES.some((status) => totals[status].places > 0);
}

/** 1.20 ha, or 12,345 pixels. */
export function areaOfTotal({ area }: Total, unit: "ha" | "px"): string {
  return unit === "ha" ? `${number(area)} ha` : counted(Math.round(area), "pixel");
}

function none(): Total {
  return { places: 0, area: 0 };
}
