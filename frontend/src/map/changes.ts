/** The polygons of change on a map: all that are asked for, and the one that is chosen. */

import type { FilterSpecification, GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import type { Change, ChangeCollection } from "../data/types.ts";
import type { Palette } from "../page.ts";

const ALL = "changes";
const CHOSEN = "chosen";
const LAYERS = ["changes-area", "changes-casing", "changes-line"];
const FAINT = "#ffffff";
const NONE: ChangeCollection = { type: "FeatureCollection", features: [] };

export class ChangePolygons {
  constructor(
    private readonly map: MapLibreMap,
    changes: ChangeCollection,
    private readonly palette: Palette,
  ) {
    const { outline, outlineCasing } = palette;
    map.addSource(ALL, { type: "geojson", data: changes, promoteId: "id", buffer: 16 });
    map.addSource(CHOSEN, { type: "geojson", data: NONE });
    // never drawn: what lies under a point of the screen is asked of it
    map.addLayer({ id: "changes-area", type: "fill", source: ALL, paint: { "fill-opacity": 0 } });
    const lines = (source: string, [dark, light]: [number, number]) => {
      const layout = { "line-join": "round" } as const;
      map.addLayer({ id: `${source}-casing`, type: "line", source, layout, paint: { "line-color": outlineCasing, "line-opacity": 0.65, "line-width": dark } });
      map.addLayer({ id: `${source}-line`, type: "line", source, layout, paint: { "line-color": outline, "line-width": light } });
    };
    lines(ALL, [3.2, 1.5]);
    map.addLayer({ id: "chosen-fill", type: "fill", source: CHOSEN, paint: { "fill-color": outline, "fill-opacity": 0.16 } });
    lines(CHOSEN, [6, 3]);
  }

  /** Other polygons in the place of these. */
  replace(changes: ChangeCollection): void {
    void this.map.getSource<GeoJSONSource>(ALL)?.setData(changes);
  }

  choose(change: Change | null): void {
    void this.map.getSource<GeoJSONSource>(CHOSEN)?.setData(change === null ? NONE : { ...NONE, features: [change] });
  }

  filter(filter: FilterSpecification | null): void {
    for (const layer of LAYERS) this.map.setFilter(layer, filter);
  }

  /** `faint`: the map is shown as another threshold would make it. */
  look({ visible, faint }: { visible: boolean; faint: boolean }): void {
    for (const layer of LAYERS) this.map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
    this.map.setPaintProperty("changes-line", "line-color", faint ? FAINT : this.palette.outline);
    this.map.setPaintProperty("changes-line", "line-opacity", faint ? 0.6 : 1);
    this.map.setPaintProperty("changes-casing", "line-opacity", faint ? 0 : 0.65);
  }

  /** The smallest polygon at a point of the screen, which a larger one may surround. */
  at({ x, y }: { x: number; y: number }): number | null {
    const ids = this.map.queryRenderedFeatures([x, y], { layers: ["changes-area"] }).map(({ id }) => Number(id));
    return ids.length > 0 ? Math.max(...ids) : null; // 1 is the largest
  }
}
