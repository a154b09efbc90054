/** The polygons of change on a map: all that are asked for, and the one that is chosen. */

import type { ExpressionSpecification, FilterSpecification, GeoJSONSource, Map as MapLibreMap, RasterTileSource } from "maplibre-gl";
import type { Bounds, Change, ChangeCollection } from "../data/types.ts";
import type { Palette } from "../page.ts";
import { ChangeIndex } from "./outlines/index.ts";
import { OutlinePictures } from "./outlines/pictures.ts";

const ALL = "changes";
const CHOSEN = "chosen";
const CROWD = "crowd";
const LINES = ["changes-casing", "changes-line"];
const FAINT = "#ffffff";
const NONE: ChangeCollection = { type: "FeatureCollection", features: [] };

/** Of outlines by their verdict: told apart with every kind of colour blindness, on dark and light ground. */
export const STATUS_COLOURS = { accepted: "#4fc3ff", rejected: "#aab2ba", unsure: "#ff8fd0" } as const;

/** Of outlines: wider and darker below those with a verdict, whose colours are less bright. */
const CASING = judged(0.9, 0.65);

export class ChangePolygons {
  private judged: ReadonlyMap<number, string> = new Map();
  private index: ChangeIndex;
  private shown: ReadonlySet<number> | null = null;
  private pictures: OutlinePictures | null = null;

  /** `bounds`: of the result. */
  constructor(
    private readonly map: MapLibreMap,
    changes: ChangeCollection,
    private readonly bounds: Bounds,
    private readonly palette: Palette,
  ) {
    const { outline, outlineCasing } = palette;
    this.index = ChangeIndex.of(changes);
    map.addSource(ALL, { type: "geojson", data: changes, promoteId: "id", buffer: 16 });
    map.addSource(CHOSEN, { type: "geojson", data: NONE });
    const lines = (source: string, [dark, light]: [number, number]) => {
      const layout = { "line-join": "round" } as const;
      map.addLayer({ id: `${source}-casing`, type: "line", source, layout, paint: { "line-color": outlineCasing, "line-opacity": source === ALL ? CASING : 0.65, "line-width": source === ALL ? judged(dark + 1.6, dark) : dark } });
      map.addLayer({ id: `${source}-line`, type: "line", source, layout, paint: { "line-color": source === ALL ? byStatus(outline) : outline, "line-width": source === ALL ? judged(light + 0.5, light) : light } });
    };
    lines(ALL, [3.2, 1.5]);
    map.addLayer({ id: "chosen-fill", type: "fill", source: CHOSEN, paint: { "fill-color": outline, "fill-opacity": 0.16 } });
    lines(CHOSEN, [6, 3]);
    this.drawCrowds();
  }

  /** Other polygons in the place of these. */
  replace(changes: ChangeCollection): void {
    if (this.index === ChangeIndex.of(changes)) return;
    this.index = ChangeIndex.of(changes);
    void this.map.getSource<GeoJSONSource>(ALL)?.setData(changes);
    this.drawCrowds();
  }

  /** Shows what people said of them, by id. */
  judge(statuses: ReadonlyMap<number, string>): void {
    for (const id of this.judged.keys()) if (!statuses.has(id)) this.map.removeFeatureState({ source: ALL, id }, "status");
    for (const [id, status] of statuses) if (this.judged.get(id) !== status) this.map.setFeatureState({ source: ALL, id }, { status });
    this.judged = statuses;
  }

  choose(change: Change | null): void {
    void this.map.getSource<GeoJSONSource>(CHOSEN)?.setData(change === null ? NONE : { ...NONE, features: [change] });
  }

  /** Only those of `shown`, which `filter` says to the map; null: all. */
  filter(filter: FilterSpecification | null, shown: readonly Change[]): void {
    this.shown = filter === null ? null : new Set(shown.map(({ properties }) => properties.id));
    for (const layer of LINES) this.map.setFilter(layer, filter);
    this.pictures?.show((id) => this.isShown(id));
    if (this.pictures !== null) this.map.getSource<RasterTileSource>(CROWD)?.setTiles([this.pictures.template]);
  }

  /** `faint`: the map is shown as another threshold would make it. */
  look({ visible, faint }: { visible: boolean; faint: boolean }): void {
    const { map } = this;
    for (const layer of [...LINES, CROWD]) {
      if (map.getLayer(layer)) map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
    }
    map.setPaintProperty("changes-line", "line-color", faint ? FAINT : byStatus(this.palette.outline));
    map.setPaintProperty("changes-line", "line-opacity", faint ? 0.6 : 1);
    map.setPaintProperty("changes-casing", "line-opacity", faint ? 0 : CASING);
    if (map.getLayer(CROWD)) map.setPaintProperty(CROWD, "raster-opacity", faint ? 0.4 : 1);
  }

  /** The smallest polygon at a place, which a larger one may surround. */
  at(place: [longitude: number, latitude: number]): number | null {
    const ids = this.index.at(place).map(({ properties }) => properties.id).filter((id) => this.isShown(id));
    return ids.length > 0 ? Math.max(...ids) : null; // 1 is the largest
  }

  private isShown(id: number): boolean {
    return this.shown === null || this.shown.has(id);
  }

  /** Where very many lie in sight, a picture of them stands for their lines. */
  private drawCrowds(): void {
    const { map } = this;
    if (map.getLayer(CROWD)) map.removeLayer(CROWD);
    if (map.getSource(CROWD)) map.removeSource(CROWD);
    this.pictures?.remove();
    this.pictures = null;
    const zoom = Math.max(0, this.index.crowdedBelow() - 1); // tiles have 256 pixels, MapLibre counts in tiles of 512
    for (const layer of LINES) map.setLayerZoomRange(layer, zoom, 24);
    if (zoom === 0) return;
    this.pictures = new OutlinePictures(this.index, this.palette);
    this.pictures.show((id) => this.isShown(id));
    map.addSource(CROWD, { type: "raster", tiles: [this.pictures.template], tileSize: 256, bounds: this.bounds });
    map.addLayer({ id: CROWD, type: "raster", source: CROWD, maxzoom: zoom, paint: { "raster-fade-duration": 0 } }, "chosen-fill");
  }
}

function judged(value: number, otherwise: number): ExpressionSpecification {
  return ["case", ["!=", ["coalesce", ["feature-state", "status"], ""], ""], value, otherwise];
}

function byStatus(otherwise: string): ExpressionSpecification {
  const cases = Object.entries(STATUS_COLOURS).flat();
  return ["match", ["coalesce", ["feature-state", "status"], ""], ...cases, otherwise] as unknown as ExpressionSpecification;
}
