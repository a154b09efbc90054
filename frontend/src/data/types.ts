/** What a result is to the browser (minenetcd/web/results/description.py). */

import type { FeatureCollection, MultiPolygon, Polygon } from "geojson";

export type Role = "before" | "after";
export type LayerName = Role | "probability" | "second";
export type Bounds = [west: number, south: number, east: number, north: number];

export interface Layer {
  /** A template with {z}, {x} and {y}. */
  tiles: string;
  minzoom: number;
  maxzoom: number;
  bounds: Bounds;
}

export interface DateFacts {
  role: Role;
  label: string;
  source: string;
  layer: string;
  /** Which bands are shown as red, green and blue, in words; null: the true ones. */
  bands?: string | null;
}

/** Two images of one place, and the pixels that they have in common. */
export interface Scene {
  id: string;
  title: string;
  /** Without a place on Earth, a pixel is a metre of Web Mercator at longitude 0, latitude 0, row 0 at the top. */
  georeferenced: boolean;
  crs: string;
  width: number;
  height: number;
  metres_per_pixel: [number, number] | null;
  bounds: Bounds;
}

export interface Description extends Scene {
  dates: DateFacts[];
  /** Those that are here: the images of a result may be gone. */
  layers: Partial<Record<LayerName, Layer>>;
  threshold: number;
  detector: string;
  hectares: number | null;
  changed_pixels: number | null;
  places: number;
  unit: "ha" | "px";
  warnings: string[];
  second_opinion: string | null;
  reviewable: boolean;
  polygons: string | ChangeCollection;
  /** Whether images are being read, and small pictures stand in for them. */
  being_read: boolean;
  /** Of each step of probability, 0 to 254 of 254: how many pixels have it. */
  histogram?: number[];
}

/** The columns of a polygon (docs/formats.md). */
export interface ChangeProperties {
  id: number;
  area_ha?: number;
  area_px?: number;
  perimeter_m?: number;
  perimeter_px?: number;
  confidence_mean: number | null;
  confidence_p10: number | null;
  valid_fraction?: number | null;
  touches_nodata?: boolean | null;
  agreement?: number | null;
  date_before?: string | null;
  date_after?: string | null;
  status?: "accepted" | "rejected" | "unsure" | null;
  [column: string]: unknown;
}

export type ChangeGeometry = Polygon | MultiPolygon;
export type ChangeCollection = FeatureCollection<ChangeGeometry, ChangeProperties>;
export type Change = ChangeCollection["features"][number];
