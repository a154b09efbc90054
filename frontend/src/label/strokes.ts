/** Clicks and lines on the map: a tool that draws lines takes the pointer, and one finger, from the map. */

import type { GeoJSONSource, Map as MapLibreMap, MapMouseEvent, MapTouchEvent } from "maplibre-gl";
import type { Point } from "../map/ground.ts";

const SOURCE = "stroke";
const SHORTEST = 2; // between two points of a line [px]

type Pressed = MapMouseEvent | MapTouchEvent;

export interface StrokeFacts {
  /** Whether lines are drawn now. */
  draws: () => boolean;
  /** Width of what is drawn, on the screen [px]. */
  width: () => number;
  colour: () => string;
  done: (points: Point[]) => void;
}

export class Strokes {
  private points: Point[] | null = null;
  private lastX = 0;
  private lastY = 0;

  constructor(
    private readonly map: MapLibreMap,
    private readonly facts: StrokeFacts,
  ) {
    map.addSource(SOURCE, { type: "geojson", data: line([]) });
    map.addLayer({ id: SOURCE, type: "line", source: SOURCE, layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-opacity": 0.6 } });
    map.on("mousedown", (event) => event.originalEvent.button === 0 && this.begin(event));
    map.on("touchstart", (event) => (event.points.length === 1 ? this.begin(event) : this.drop()));
    map.on("mousemove", (event) => this.goOn(event));
    map.on("touchmove", (event) => this.goOn(event));
    map.on("touchend", () => this.end());
    map.on("touchcancel", () => this.drop());
    window.addEventListener("mouseup", () => this.end());
    map.on("click", ({ lngLat }) => !facts.draws() && facts.done([lngLat.toArray()]));
  }

  private begin(event: Pressed): void {
    if (!this.facts.draws()) return;
    event.preventDefault(); // the map stays where it is
    this.points = [];
    this.map.setPaintProperty(SOURCE, "line-width", Math.max(3, this.facts.width()));
    this.map.setPaintProperty(SOURCE, "line-color", this.facts.colour());
    this.add(event);
  }

  private goOn(event: Pressed): void {
    if (this.points === null || Math.hypot(event.point.x - this.lastX, event.point.y - this.lastY) < SHORTEST) return;
    this.add(event);
  }

  private add({ lngLat, point }: Pressed): void {
    [this.lastX, this.lastY] = [point.x, point.y];
    this.points!.push(lngLat.toArray());
    this.draw();
  }

  private end(): void {
    const points = this.points;
    this.drop();
    if (points !== null && points.length > 0) this.facts.done(points);
  }

  private drop(): void {
    this.points = null;
    this.draw();
  }

  private draw(): void {
    const points = this.points ?? [];
    void this.map.getSource<GeoJSONSource>(SOURCE)?.setData(line(points.length === 1 ? [points[0]!, points[0]!] : points));
  }
}

function line(coordinates: Point[]): GeoJSON.FeatureCollection {
  const features: GeoJSON.Feature[] = coordinates.length < 2 ? [] : [{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } }];
  return { type: "FeatureCollection", features };
}
