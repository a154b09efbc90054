/** Segments and their labels over the dates, as tiles of the server. */

import type { Map as MapLibreMap, RasterTileSource } from "maplibre-gl";
import { rasterSource } from "../map/images.ts";
import type { Desk } from "./types.ts";

const SOURCE = "segments";

export class SegmentTiles {
  private shown = "";

  constructor(
    private readonly map: MapLibreMap,
    private readonly root: string,
    private readonly desk: Desk,
  ) {}

  show(level: number, revision: number, outlines: boolean): void {
    const address =
      this.root + this.desk.segments.replace("{level}", `${level}`).replace("{revision}", `${revision}`).replace("{outlines}", `${outlines}`);
    if (address === this.shown) return;
    this.shown = address;
    const source = this.map.getSource<RasterTileSource>(SOURCE);
    if (source !== undefined) return void source.setTiles([address]);
    const { layers } = this.desk;
    // outlines are drawn for the screen: tiles of deeper zooms are asked for, too
    this.map.addSource(SOURCE, rasterSource(address, { ...layers.before, maxzoom: Math.min(24, layers.before.maxzoom + 4) }));
    this.map.addLayer({ id: SOURCE, type: "raster", source: SOURCE, paint: { "raster-fade-duration": 0, "raster-resampling": "nearest" } });
  }
}
