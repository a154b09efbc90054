/** The polygons of a result as a list: looked up, filtered and put in order. */

import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import type { FilterSpecification } from "maplibre-gl";
import type { Bounds, Change, ChangeCollection, ChangeGeometry, ChangeProperties } from "../data/types.ts";
import { counted, number } from "../ui/words.ts";

export interface Filter {
  /** In the unit of the result. */
  leastArea: number;
  leastConfidence: number;
  /** In any of its texts, or its number. */
  text: string;
}

export const EVERYTHING: Filter = { leastArea: 0, leastConfidence: 0, text: "" };

export const ORDERS = {
  "largest": (a: Change, b: Change) => areaOf(b) - areaOf(a),
  "most certain": (a: Change, b: Change) => confidenceOf(b) - confidenceOf(a),
  "least certain": (a: Change, b: Change) => confidenceOf(a) - confidenceOf(b),
} as const;
export type Order = keyof typeof ORDERS;

/** Columns that are the same for all polygons, in which nobody looks. */
const OF_THE_RESULT = new Set(["model", "source_before", "source_after", "date_before", "date_after"]);

/** What is known of a change now; `geometry` null: its outline is as it was. */
export interface Update {
  id: number;
  part: Partial<ChangeProperties>;
  geometry: ChangeGeometry | null;
}

export class Changes {
  private readonly places: Map<number, number>;
  /** Grows where anything of them has changed; the other one holds them with the outlines that stand. */
  private readonly version = signal(0);
  private readonly outlines: Signal<ChangeCollection>;

  constructor(readonly collection: ChangeCollection) {
    this.outlines = signal(collection);
    this.places = new Map(collection.features.map((change, place) => [change.properties.id, place]));
  }

  /** The same; who asks is told when anything of them changes. */
  get now(): ChangeCollection {
    void this.version.value;
    return this.collection;
  }

  /** The same, another object for other outlines; who asks is told when there are. */
  get outlined(): ChangeCollection {
    return this.outlines.value;
  }

  get(id: number | null): Change | null {
    const place = id === null ? undefined : this.places.get(id);
    return place === undefined ? null : (this.now.features[place] ?? null);
  }

  /** Takes over what is known now. */
  update(updates: readonly Update[]): void {
    for (const { id, part, geometry } of updates) {
      const place = this.places.get(id);
      const change = place === undefined ? undefined : this.collection.features[place];
      if (change === undefined) continue;
      this.collection.features[place!] = { ...change, properties: { ...change.properties, ...part }, geometry: geometry ?? change.geometry };
    }
    if (updates.length > 0) this.version.value += 1;
    if (updates.some(({ geometry }) => geometry !== null)) this.outlines.value = { ...this.collection, features: [...this.collection.features] };
  }

  selected(filter: Filter, order: Order): Change[] {
    return this.now.features.filter((change) => passes(change, filter)).sort(ORDERS[order]);
  }
}

/** The same filter for a map; null: everything. */
export function mapFilter(filter: Filter, shown: readonly Change[], unit: "ha" | "px"): FilterSpecification | null {
  const asked: unknown[] = [];
  if (filter.leastArea > 0) asked.push([">=", ["coalesce", ["get", `area_${unit}`], 0], filter.leastArea]);
  if (filter.leastConfidence > 0) asked.push([">=", ["coalesce", ["get", "confidence_mean"], 0], filter.leastConfidence]);
  if (filter.text.trim() !== "") asked.push(["in", ["get", "id"], ["literal", shown.map(({ properties }) => properties.id)]]);
  return asked.length === 0 ? null : (["all", ...asked] as FilterSpecification);
}

function passes({ properties }: Change, { leastArea, leastConfidence, text }: Filter): boolean {
  const wanted = text.trim().toLowerCase();
  return (
    (properties.area_ha ?? properties.area_px ?? 0) >= leastArea &&
    (properties.confidence_mean ?? 0) >= leastConfidence &&
    (wanted === "" || says(properties, wanted))
  );
}

function says(properties: ChangeProperties, wanted: string): boolean {
  if (`${properties.id}` === wanted.replace(/^#/, "")) return true;
  return Object.entries(properties).some(
    ([name, value]) => typeof value === "string" && !OF_THE_RESULT.has(name) && value.toLowerCase().includes(wanted),
  );
}

export function areaOf({ properties }: Change): number {
  return properties.area_ha ?? properties.area_px ?? 0;
}

export function confidenceOf({ properties }: Change): number {
  return properties.confidence_mean ?? 0;
}

/** 1.20 ha, or 12,345 pixels. */
export function areaInWords({ properties }: Change): string {
  return properties.area_ha !== undefined && properties.area_ha !== null ? `${number(properties.area_ha)} ha` : counted(properties.area_px ?? 0, "pixel");
}

export function boundsOf({ geometry }: Change): Bounds {
  const bounds: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
  for (const ring of rings) {
    for (const [x = 0, y = 0] of ring) {
      bounds[0] = Math.min(bounds[0], x);
      bounds[1] = Math.min(bounds[1], y);
      bounds[2] = Math.max(bounds[2], x);
      bounds[3] = Math.max(bounds[3], y);
    }
  }
  return bounds;
}

/** What people said, by id. */
export function statusesOf({ features }: ChangeCollection): Map<number, string> {
  return new Map(features.flatMap(({ properties: { id, status } }) => (status ? [[id, status] as const] : [])));
}
