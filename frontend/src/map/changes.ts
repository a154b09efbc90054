/** The polygons of change on a map. */

import type { FilterSpecification, GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import type { ChangeCollection } from "../data/types.ts";
import type { Palette } from "../page.ts";

export const CHANGES = "changes";
const LAYERS = ["changes-fill", "changes-casing", "changes-line"];

export class ChangePolygons {
  private selected: number | null = null;

  constructor(
    private readonly map: MapLibreMap,
    changes: ChangeCollection,
    { outline, outlineCasing }: Palette,
  ) {
    map.addSource(CHANGES, { type: "geojson", data: changes, promoteId: "id", tolerance: 0.4, buffer: 16, maxzoom: 18 });
    const isSelected = ["boolean", ["feature-state", "selected"], false];
    map.addLayer({
      id: "changes-fill",
      type: "fill",
      source: CHANGES,
      paint: { "fill-color": outline, "fill-opacity": ["case", isSelected, 0.22, 0] as never },
    });
    const width = (plain: number, chosen: number) => ["case", isSelected, chosen, plain] as never;
    const join = { "line-join": "round" } as const;
    map.addLayer({ id: "changes-casing", type: "line", source: CHANGES, layout: join, paint: { "line-color": outlineCasing, "line-opacity": 0.65, "line-width": width(3.2, 5.5) } });
    map.addLayer({ id: "changes-line", type: "line", source: CHANGES, layout: join, paint: { "line-color": outline, "line-width": width(1.5, 2.8) } });
  }

  /** Other polygons in the place of these. */
  replace(changes: ChangeCollection): void {
    this.map.getSource<GeoJSONSource>(CHANGES)?.setData(changes);
  }

  select(id: number | null): void {
    if (this.selected !== null) this.map.removeFeatureState({ source: CHANGES, id: this.selected });
    if (id !== null) this.map.setFeatureState({ source: CHANGES, id }, { selected: true });
    this.selected = id;
  }

  filter(filter: FilterSpecification | null): void {
    for (const layer of LAYERS) this.map.setFilter(layer, filter);
  }

  visible(visible: boolean): void {
    for (const layer of LAYERS) this.map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
  }

  /** The smallest polygon at a point of the screen, which a larger one may surround. */
  at(point: { x: number; y: number }): number | null {
    const found = this.map.queryRenderedFeatures([point.x, point.y], { layers: ["changes-fill"] });
    const ids = found.map((feature) => Number(feature.id));
    return ids.length > 0 ? Math.max(...ids) : null; // 1 is the largest
  }
}
