/** What a labelling desk is to the browser (minenetcd/web/desks/description.py). */

import type { DateFacts, Layer, Role, Scene } from "../data/types.ts";

export type Label = "changed" | "unchanged" | "none";

export interface Counts {
  changed: number;
  unchanged: number;
  not_labelled: number;
  hectares: number | null;
}

export interface DeskState {
  revision: number;
  counts: Counts;
  can_undo: boolean;
  saved_revision: number | null;
  said: string;
}

export interface Scale {
  scale: number;
  segments: number;
  /** Mean width of its segments, in pixels of the images. */
  width: number;
}

export interface Desk extends Scene {
  dates: [DateFacts, DateFacts];
  layers: Record<Role, Layer>;
  segments: string;
  scales: Scale[];
  level: number;
  proposes: boolean;
  state: DeskState;
}
