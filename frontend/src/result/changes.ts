/** The polygons of a result as a list: looked up, filtered and put in order. */

import type { FilterSpecification } from "maplibre-gl";
import type { Bounds, Change, ChangeCollection, ChangeProperties } from "../data/types.ts";
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

export class Changes {
  private readonly byId: Map<number, Change>;

  constructor(readonly collection: ChangeCollection) {
    this.byId = new Map(collection.features.map((change) => [change.properties.id, change]));
  }

  get(id: number | null): Change | null {
    return id === null ? null : (this.byId.get(id) ?? null);
  }

  selected(filter: Filter, order: Order): Change[] {
    return this.collection.features.filter((change) => passes(change, filter)).sort(ORDERS[order]);
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
