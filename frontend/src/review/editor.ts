/** Moving the points of an outline, by terra-draw. */

import type { Map as MapLibreMap } from "maplibre-gl";
import { TerraDraw, TerraDrawPolygonMode, TerraDrawSelectMode, ValidateNotSelfIntersecting } from "terra-draw";
import type { GeoJSONStoreFeatures } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";
import type { ChangeGeometry, Description } from "../data/types.ts";
import type { Palette } from "../page.ts";
import type { ResultState } from "../result/state.ts";
import { announce } from "../ui/announce.ts";
import { asPolygon, outlineOf, ringsOf, simplified } from "./outline.ts";
import type { Ring } from "./outline.ts";

const DIGITS = 9; // of degrees that terra-draw keeps
const WITHIN = 1.25; // of a pixel: an outline along pixels has a point at every corner of them

export class OutlineEditor {
  private draw: TerraDraw | null = null;
  private places = new Map<string | number, Pick<Ring, "part" | "place">>();
  private touched = false;

  constructor(
    private readonly map: MapLibreMap,
    private readonly state: ResultState,
    private readonly palette: Palette,
  ) {}

  /** The points of `geometry` can be moved, added in the middle of edges, and removed by a right click. */
  begin(geometry: ChangeGeometry): void {
    this.end();
    const draw = new TerraDraw({ adapter: new TerraDrawMapLibreGLAdapter({ map: this.map, coordinatePrecision: DIGITS }), modes: [this.selecting(), new TerraDrawPolygonMode()] });
    draw.start();
    const [tolerance, stretch] = pixelOf(this.state.description);
    const rings = ringsOf(geometry).map((ring) => ({ ...ring, points: simplified(ring.points, WITHIN * tolerance, stretch).map(rounded) }));
    const added = draw.addFeatures(rings.map(({ points }): GeoJSONStoreFeatures => ({ type: "Feature", properties: { mode: "polygon" }, geometry: asPolygon(points) })));
    this.places = new Map(added.flatMap(({ id, valid }, at) => (valid && id !== undefined ? [[id, rings[at]!] as const] : [])));
    draw.setMode("select");
    const [largest] = this.places.keys();
    if (largest !== undefined) draw.selectFeature(largest);
    draw.on("finish", () => (this.touched = true));
    this.draw = draw;
    this.touched = false;
    this.state.editing.value = true;
    announce("The outline can be edited: move its points, then accept, reject or unsure; Escape leaves it as it was");
  }

  /** The outline as it was drawn; null where none is edited, or nothing was moved. */
  outline(): ChangeGeometry | "crosses" | null {
    if (this.draw === null || !this.touched) return null;
    const rings: Ring[] = [];
    for (const feature of this.draw.getSnapshot()) {
      const place = this.places.get(feature.id ?? "");
      if (place === undefined || feature.geometry.type !== "Polygon") continue;
      if (!ValidateNotSelfIntersecting(feature as GeoJSONStoreFeatures).valid) return "crosses";
      rings.push({ ...place, points: feature.geometry.coordinates[0]! });
    }
    return outlineOf(rings);
  }

  end(): void {
    if (this.draw === null) return;
    this.draw.stop();
    this.draw = null;
    this.state.editing.value = false;
  }

  private selecting(): TerraDrawSelectMode {
    const colour = this.palette.outline as `#${string}`;
    return new TerraDrawSelectMode({
      allowManualDeselection: false,
      keyEvents: null,
      flags: { polygon: { feature: { draggable: false, coordinates: { draggable: true, midpoints: true, deletable: true } } } },
      styles: {
        selectedPolygonColor: "#ffffff", selectedPolygonFillOpacity: 0.14, selectedPolygonOutlineColor: "#ffffff", selectedPolygonOutlineWidth: 2,
        selectionPointColor: "#ffffff", selectionPointWidth: 5, selectionPointOutlineColor: this.palette.outlineCasing as `#${string}`, selectionPointOutlineWidth: 2,
        midPointColor: colour, midPointWidth: 3, midPointOutlineColor: this.palette.outlineCasing as `#${string}`, midPointOutlineWidth: 1,
      },
    });
  }
}

/** A pixel of the result in degrees of longitude, and how much longer a degree of latitude is than one of longitude. */
function pixelOf({ bounds: [west, south, east, north], width, georeferenced }: Description): [number, number] {
  const stretch = georeferenced ? 1 / Math.cos(((south + north) / 2) * (Math.PI / 180)) : 1;
  return [(east - west) / width, stretch];
}

function rounded(point: number[]): number[] {
  return point.map((value) => Number(value.toFixed(DIGITS)));
}
