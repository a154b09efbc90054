/** Measuring on a map: points are set one after the other, and what lies between them is told. */

import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import type { Palette } from "../page.ts";
import type { Ground, Point } from "./ground.ts";

export type Measure = "distance" | "area";

const SOURCE = "measure";

/** The drawing of one map; the points lie with whoever sets them. */
export class MeasureDrawing {
  constructor(
    private readonly map: MapLibreMap,
    { outlineCasing }: Palette,
  ) {
    map.addSource(SOURCE, { type: "geojson", data: collection([]) });
    const line = { "line-join": "round", "line-cap": "round" } as const;
    map.addLayer({ id: "measure-fill", type: "fill", source: SOURCE, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#ffffff", "fill-opacity": 0.22 } });
    map.addLayer({ id: "measure-casing", type: "line", source: SOURCE, layout: line, paint: { "line-color": outlineCasing, "line-width": 5, "line-opacity": 0.75 } });
    map.addLayer({ id: "measure-line", type: "line", source: SOURCE, layout: line, paint: { "line-color": "#ffffff", "line-width": 2.5 } });
    map.addLayer({ id: "measure-points", type: "circle", source: SOURCE, filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 4, "circle-color": "#ffffff", "circle-stroke-color": outlineCasing, "circle-stroke-width": 2 } });
  }

  show(kind: Measure | null, points: readonly Point[]): void {
    void this.map.getSource<GeoJSONSource>(SOURCE)?.setData(collection(kind === null ? [] : shapes(kind, points)));
  }
}

/** What the points measure: "1.23 km", "4.56 ha"; null before there are enough. */
export function measured(ground: Ground, kind: Measure, points: readonly Point[]): string | null {
  if (kind === "distance") return points.length < 2 ? null : ground.length(points);
  return points.length < 3 ? null : ground.area(points);
}

function shapes(kind: Measure, points: readonly Point[]): GeoJSON.Geometry[] {
  const dots = points.map((coordinates): GeoJSON.Geometry => ({ type: "Point", coordinates }));
  if (kind === "area" && points.length > 2) return [{ type: "Polygon", coordinates: [[...points, points[0]!]] }, ...dots];
  return points.length > 1 ? [{ type: "LineString", coordinates: [...points] }, ...dots] : dots;
}

function collection(geometries: GeoJSON.Geometry[]): GeoJSON.FeatureCollection {
  return { type: "FeatureCollection", features: geometries.map((geometry) => ({ type: "Feature", properties: {}, geometry })) };
}
