/** One map with all that is known of a result on it: dates, probability, polygons, measures. */

import type { Map as MapLibreMap } from "maplibre-gl";
import type { ResultData } from "../data/source.ts";
import type { ChangeCollection } from "../data/types.ts";
import type { Palette } from "../page.ts";
import { ChangePolygons } from "./changes.ts";
import { DateImages, sharper } from "./images.ts";
import { MeasureDrawing } from "./measure.ts";
import { ProbabilityLayer } from "./probability/layer.ts";
import { openMap } from "./view.ts";

export class MapSheet {
  private constructor(
    readonly map: MapLibreMap,
    readonly images: DateImages,
    readonly probability: ProbabilityLayer | null,
    readonly changes: ChangePolygons,
    readonly measure: MeasureDrawing,
  ) {}

  static async open(container: HTMLElement, data: ResultData, changes: ChangeCollection, palette: Palette, label: string): Promise<MapSheet> {
    const { bounds, layers } = data.description;
    const maxzoom = Math.max(...Object.values(layers).map((layer) => layer.maxzoom), 0);
    const map = await openMap(container, { bounds, maxzoom, label });
    const images = new DateImages(map, data);
    const probability = layers.probability ? new ProbabilityLayer(data, data.makesTiles ? sharper(layers.probability) : layers.probability, palette) : null;
    if (probability !== null) map.addLayer(probability);
    return new MapSheet(map, images, probability, new ChangePolygons(map, changes, bounds, palette), new MeasureDrawing(map, palette));
  }
}

/** Both maps look at the same place from now on, whichever is moved. */
export function linked(one: MapLibreMap, other: MapLibreMap): void {
  let following = false;
  for (const [leader, follower] of [[one, other], [other, one]] as const) {
    leader.on("move", () => {
      if (following) return;
      following = true;
      follower.jumpTo({ center: leader.getCenter(), zoom: leader.getZoom() });
      following = false;
    });
  }
}
