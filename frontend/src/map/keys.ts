/** The keys that move a map, on every page that has one. */

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Key } from "../ui/keys.ts";

const STEP = 80; // of the arrows [px]

export function mapKeys(map: MapLibreMap): Key[] {
  const pan = (x: number, y: number) => () => void map.panBy([x, y], { duration: 120 });
  return [
    { key: "+", what: "closer", run: () => void map.zoomIn() },
    { key: "=", run: () => void map.zoomIn() },
    { key: "-", what: "farther", run: () => void map.zoomOut() },
    { key: "ArrowLeft", what: "move the map", run: pan(-STEP, 0) },
    { key: "ArrowRight", run: pan(STEP, 0) },
    { key: "ArrowUp", run: pan(0, -STEP) },
    { key: "ArrowDown", run: pan(0, STEP) },
  ];
}
