/** What the server says of sites, series and jobs (minenetcd/web/serving). */

import type { Bounds, Layer } from "../data/types.ts";

export interface Site {
  id: string;
  kind: "result" | "series";
  title: string;
  /** Names of both files; of a series null. */
  images: string | null;
  group: string | null;
  /** Whether it is a pair of dates of a series that is served, too. */
  of_series: boolean;
  place: [longitude: number, latitude: number] | null;
  bounds: Bounds | null;
  hectares: number | null;
  changed_pixels: number | null;
  places: number | null;
  /** So many places have a verdict; null: nobody judged. */
  reviewed: number | null;
  accepted_hectares: number | null;
  accepted_pixels: number | null;
  dates: number;
  date_before: string | null;
  date_after: string | null;
  detector: string | null;
  warnings: number;
  papers: string[];
}

export interface FailedPair {
  id: string;
  group: string;
  error: string;
}

export interface SampleSite {
  id: string;
  title: string;
}

export interface Sites {
  sites: Site[];
  samples: SampleSite[];
  failed: FailedPair[];
  unreadable: FailedPair[];
  /** Why there may be more than these. */
  warnings: string[];
}

export interface SeriesDate {
  number: number;
  date: string;
  source: string;
  layer: string | null;
  colour: string | null;
  values: Record<string, number | null>;
  results: { previous?: string; first?: string };
}

export interface Series {
  id: string;
  title: string;
  georeferenced: boolean;
  bounds: Bounds;
  unit: "ha" | "px";
  dates: SeriesDate[];
  layers: Record<string, Layer>;
  polygons: string | null;
  report: string | null;
  warnings: string[];
}

export interface Upload {
  id: string;
  name: string;
  bytes: number;
  width: number;
  height: number;
  bands: number;
}

export interface Limits {
  open: boolean;
  max_upload_bytes: number;
  max_pixels: number;
  kinds: string;
  detectors: string[];
}

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface Job {
  id: string;
  title: string;
  before: Upload;
  after: Upload;
  state: JobState;
  phase: string;
  done: number;
  total: number;
  error: string | null;
  note: string | null;
  created: string;
  ended: string | null;
  result: string | null;
  /** Of a job that is done: its result. */
  site: Site | null;
}

export interface Jobs {
  revision: number;
  jobs: Job[];
}
