/** Which tiles of a layer a map shows. */

import maplibregl from "maplibre-gl";
import type { Map as MapLibreMap } from "maplibre-gl";
import type { Layer } from "../../data/types.ts";

/** Tiles x0 to x1 and y0 to y1, both included, of zoom z; empty where x1 < x0 or y1 < y0. */
export interface TileWindow {
  z: number;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** Those of `layer` in sight of `map`, at most `most` a side: of a coarser zoom where there would be more. */
export function tilesInSight(map: MapLibreMap, layer: Layer, most: number): TileWindow {
  const exact = Math.round(map.getZoom() + 1); // tiles have 256 pixels, MapLibre counts in tiles of 512
  for (let z = Math.min(Math.max(exact, layer.minzoom), layer.maxzoom); ; z--) {
    const seen = common(windowOf(z, map.getBounds().toArray()), windowOf(z, [layer.bounds.slice(0, 2), layer.bounds.slice(2)]));
    if (z <= layer.minzoom || Math.max(seen.x1 - seen.x0, seen.y1 - seen.y0) < most) return seen;
  }
}

/** Where the corner (x, y) of tiles of zoom z lies in the map's canvas, from (-1, -1) bottom left to (1, 1). */
export function inCanvas(map: MapLibreMap, z: number, x: number, y: number): [number, number] {
  const centre = maplibregl.MercatorCoordinate.fromLngLat(map.getCenter());
  const { clientWidth, clientHeight } = map.getCanvas();
  const side = 512 * 2 ** map.getZoom(); // of the world, in pixels of the page
  return [((x / 2 ** z - centre.x) * side * 2) / clientWidth, ((centre.y - y / 2 ** z) * side * 2) / clientHeight];
}

function windowOf(z: number, corners: number[][]): TileWindow {
  const [[west, south], [east, north]] = corners as [[number, number], [number, number]];
  const first = maplibregl.MercatorCoordinate.fromLngLat([west, Math.min(north, 85.05)]);
  const last = maplibregl.MercatorCoordinate.fromLngLat([east, Math.max(south, -85.05)]);
  const count = 2 ** z;
  const within = (place: number) => Math.min(count - 1, Math.max(0, Math.floor(place * count)));
  return { z, x0: within(first.x), y0: within(first.y), x1: within(last.x), y1: within(last.y) };
}

function common(a: TileWindow, b: TileWindow): TileWindow {
  return { z: a.z, x0: Math.max(a.x0, b.x0), y0: Math.max(a.y0, b.y0), x1: Math.min(a.x1, b.x1), y1: Math.min(a.y1, b.y1) };
}
