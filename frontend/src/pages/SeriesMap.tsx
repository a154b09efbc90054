/** All dates of a series on one map. The one that is shown and its neighbours are loaded, so that a step shows at once. */

import type { Map as MapLibreMap } from "maplibre-gl";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ChangeCollection } from "../data/types.ts";
import { rasterSource, sharper } from "../map/images.ts";
import { openMap } from "../map/view.ts";
import type { Series } from "./servedTypes.ts";

const OUTLINES = ["grown-casing", "grown-line"];

interface Shown {
  server: string;
  series: Series;
  polygons: ChangeCollection | null;
  at: number;
  outlines: boolean;
  when: boolean;
  outlineCasing: string;
  /** An image is not there any more. */
  onGone: () => void;
  onFailure: (message: string) => void;
}

export function SeriesMap({ server, series, polygons, at, outlines, when, outlineCasing, onGone, onFailure }: Shown) {
  const place = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibreMap | null>(null);
  useEffect(() => {
    let opened: MapLibreMap | null = null;
    let left = false;
    const maxzoom = Math.max(1, ...Object.values(series.layers).map((layer) => layer.maxzoom));
    const begin = (made: MapLibreMap) => {
      if (left) return made.remove();
      opened = made;
      made.once("error", onGone); // the series comes anew, and a map with it
      addLayers(made, server, series, polygons, outlineCasing);
      setMap(made);
    };
    openMap(place.current!, { bounds: series.bounds, maxzoom, label: series.title }).then(begin, (error: Error) => onFailure(error.message));
    return () => {
      left = true;
      opened?.remove();
    };
  }, [series]);
  useEffect(() => {
    if (map !== null) showDate(map, series, at);
  }, [map, at]);
  useEffect(() => {
    for (const id of map !== null && polygons !== null ? OUTLINES : []) map!.setLayoutProperty(id, "visibility", outlines ? "visible" : "none");
  }, [map, outlines]);
  useEffect(() => {
    if (map?.getLayer("when")) map.setLayoutProperty("when", "visibility", when ? "visible" : "none");
  }, [map, when]);
  return (
    <div class="series-map" data-ready={map !== null} data-date={series.dates[at]?.date}>
      <div ref={place} class="map" />
    </div>
  );
}

function addLayers(map: MapLibreMap, server: string, series: Series, polygons: ChangeCollection | null, casing: string): void {
  const paint = { "raster-fade-duration": 0, "raster-opacity-transition": { duration: 0, delay: 0 } };
  for (const { layer } of series.dates) {
    if (layer === null) continue;
    map.addSource(layer, rasterSource(server + series.layers[layer]!.tiles, series.layers[layer]!));
    map.addLayer({ id: layer, type: "raster", source: layer, layout: { visibility: "none" }, paint: { ...paint, "raster-opacity": 0 } });
  }
  const when = series.layers["when"];
  if (when !== undefined) {
    map.addSource("when", rasterSource(server + when.tiles, sharper(when)));
    map.addLayer({ id: "when", type: "raster", source: "when", layout: { visibility: "none" }, paint: { "raster-opacity": 0.8, "raster-resampling": "nearest", "raster-fade-duration": 0 } });
  }
  if (polygons === null) return;
  map.addSource("grown", { type: "geojson", data: polygons, tolerance: 0.4 });
  const join = { "line-join": "round" } as const;
  map.addLayer({ id: "grown-casing", type: "line", source: "grown", layout: join, paint: { "line-color": casing, "line-width": 3.4, "line-opacity": 0.7 } });
  map.addLayer({ id: "grown-line", type: "line", source: "grown", layout: join, paint: { "line-color": dateColours(series), "line-width": 1.8 } });
}

function dateColours(series: Series) {
  const pairs = series.dates.flatMap(({ number, colour }) => (colour === null ? [] : [number, colour]));
  return pairs.length > 0 ? (["match", ["get", "date_number"], ...pairs, "#ffffff"] as never) : "#ffffff";
}

function showDate(map: MapLibreMap, { dates }: Series, at: number): void {
  dates.forEach(({ layer }, place) => {
    if (layer === null) return;
    map.setLayoutProperty(layer, "visibility", Math.abs(place - at) <= 1 ? "visible" : "none");
    map.setPaintProperty(layer, "raster-opacity", place === at ? 1 : 0);
  });
  for (const id of OUTLINES) {
    if (map.getLayer(id)) map.setFilter(id, ["<=", ["get", "date_number"], dates[at]!.number]);
  }
}
