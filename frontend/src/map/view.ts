/** The one map of a page: flat, north up, with nothing on it yet. */

import maplibregl from "maplibre-gl";
import type { FitBoundsOptions, Map as MapLibreMap } from "maplibre-gl";
import type { Bounds } from "../data/types.ts";

/** How far one may look into a pixel: each step doubles its size. */
const ZOOMS_BEYOND_NATIVE = 4;
/** Above, a page has its tools. [px] */
const FIT = { padding: { top: 70, bottom: 24, left: 24, right: 24 } } as const;

export interface MapOptions {
  bounds: Bounds;
  /** Of the finest tiles. */
  maxzoom: number;
  label: string;
  /** Whether one stays near `bounds`. */
  confined?: boolean;
  /** How `bounds` are brought into sight first. */
  fit?: FitBoundsOptions;
}

/** A map in `container`, ready for layers. */
export async function openMap(container: HTMLElement, { bounds, maxzoom, label, confined = true, fit = FIT }: MapOptions): Promise<MapLibreMap> {
  if (new OffscreenCanvas(1, 1).getContext("webgl2") === null) {
    throw new Error("A browser with WebGL 2 is needed, it is missing or turned off here: allow graphics acceleration, or use another.");
  }
  const map = new maplibregl.Map({
    container,
    style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": "rgba(0,0,0,0)" } }] },
    bounds,
    fitBoundsOptions: fit,
    maxZoom: maxzoom - 1 + ZOOMS_BEYOND_NATIVE, // tiles have 256 pixels, MapLibre counts in tiles of 512
    ...(confined && { maxBounds: around(bounds) }),
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: !confined || bounds[2] > 180,
    attributionControl: false,
    fadeDuration: 0,
    canvasContextAttributes: { contextType: "webgl2" },
    locale: { "Map.Title": label },
  });
  sayWhetherIdle(map);
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  if (!map.isStyleLoaded()) await map.once("load");
  return map;
}

/** The page says whether its map is as it is to be: no tile on its way, nothing in motion. */
function sayWhetherIdle(map: MapLibreMap): void {
  const { dataset } = map.getContainer();
  const say = (idle: "true" | "false") => dataset["idle"] !== idle && (dataset["idle"] = idle);
  say("false");
  map.on("render", () => say("false"));
  map.on("idle", () => say("true"));
}

/** All of `bounds` in sight. */
export function showAll(map: MapLibreMap, bounds: Bounds, duration = quietMotion() ? 0 : 400): void {
  map.fitBounds(bounds, { ...FIT, duration });
}

export function seesAll(map: MapLibreMap, [west, south, east, north]: Bounds): boolean {
  const seen = map.getBounds();
  return seen.contains([west, south]) && seen.contains([east, north]);
}

/** Whether the user asked for less motion. */
export function quietMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** `bounds` with as much again on each side, so that its corners can be brought to the middle. */
function around([west, south, east, north]: Bounds): Bounds {
  const [wide, high] = [Math.max(east - west, 1e-4), Math.max(north - south, 1e-4)];
  return [west - wide, Math.max(-85.05, south - high), east + wide, Math.min(85.05, north + high)];
}
