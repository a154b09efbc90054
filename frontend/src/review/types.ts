/** A review as the server tells of it (minenetcd/web/serving/routes/verdicts.py). */

import type { ChangeGeometry } from "../data/types.ts";

export type Status = "accepted" | "rejected" | "unsure";

export interface PolygonVerdict {
  id: number;
  status: Status | null;
  reviewed_by: string | null;
  reviewed_at: string | null;
  comment: string | null;
  edited: boolean;
  /** In the unit of the result, and its perimeter. */
  area: number;
  perimeter: number;
  /** Only where a person ever drew another outline. */
  geometry: ChangeGeometry | null;
}

export interface Part {
  places: number;
  hectares: number | null;
  pixels: number | null;
}

export type Counts = Record<Status | "unreviewed", Part>;

export interface ReviewState {
  revision: number;
  /** `changed` is all that was said after that; 0: all that was ever said. */
  since: number;
  queue: number[];
  counts: Counts;
  changed: PolygonVerdict[];
}

export interface VerdictAnswer extends ReviewState {
  verdicts: number[];
}

export interface GivenVerdict {
  polygon: number;
  status: Status;
  by: string;
  /** null leaves what was said. */
  comment: string | null;
  geometry: ChangeGeometry | null;
}
