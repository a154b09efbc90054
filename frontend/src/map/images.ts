/** Both dates as raster layers of one map. The later one lies above and can be cut off at a line (swipe) or hidden. */

import type { CustomLayerInterface, Map as MapLibreMap } from "maplibre-gl";
import type { Description, Layer, Role } from "../data/types.ts";

/** Of which dates there are tiles, and where. */
export interface DateTiles {
  readonly description: Pick<Description, "layers">;
  tileTemplate(role: Role): string;
}

export class DateImages {
  /** From which share of the width on the later date is seen: 0 everywhere, 1 nowhere. */
  private cut = 0;

  constructor(
    private readonly map: MapLibreMap,
    data: DateTiles,
  ) {
    this.add(data, "before");
    map.addLayer(scissors("cut", () => this.cut));
    this.add(data, "after");
    map.addLayer(scissors("end of cut", () => null));
  }

  /** The earlier date left of `share` of the width, the later one right of it. No tile is asked for. */
  swipe(share: number): void {
    this.cut = Math.min(1, Math.max(0, share));
    this.map.triggerRepaint();
  }

  /** One date over the whole map. */
  showOnly(role: Role): void {
    this.swipe(role === "before" ? 1 : 0);
  }

  private add(data: DateTiles, role: Role): void {
    const layer = data.description.layers[role];
    if (layer === undefined) return;
    this.map.addSource(role, rasterSource(data.tileTemplate(role), layer));
    this.map.addLayer({ id: role, type: "raster", source: role, paint: { "raster-fade-duration": 0 } });
  }
}

/** A layer of single pixels, whose tiles a server makes as deep as they are asked for: in those of its own deepest zoom a
 *  pixel may lie half a pixel beside its outline. */
export function sharper(layer: Layer): Layer {
  return { ...layer, maxzoom: Math.min(24, layer.maxzoom + 3) };
}

export function rasterSource(tiles: string, { minzoom, maxzoom, bounds }: Layer) {
  return { type: "raster" as const, tiles: [tiles], tileSize: 256, minzoom, maxzoom, bounds };
}

/** A layer that draws nothing: those after it are seen right of `share` of the width only; null: everywhere again. */
function scissors(id: string, share: () => number | null): CustomLayerInterface {
  return {
    id,
    type: "custom",
    render(gl) {
      const from = share();
      if (from === null) return gl.disable(gl.SCISSOR_TEST);
      const { drawingBufferWidth: width, drawingBufferHeight: height } = gl;
      const left = Math.round(from * width);
      gl.enable(gl.SCISSOR_TEST);
      gl.scissor(left, 0, width - left, height);
    },
  };
}
