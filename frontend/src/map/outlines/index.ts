/** Where polygons lie on the map, for looking up places and for drawing very many of them. */

import maplibregl from "maplibre-gl";
import type { Change, ChangeCollection } from "../../data/types.ts";

/** Up to so many polygons are drawn as they are, whatever is in sight. */
const FEW = 2000;
/** More in one tile of 256 pixels are a crowd, which is drawn as a picture. */
const CROWD = 48;
const DEEPEST = 22;

/** Of one polygon: its rings, x and y in turns, on the map that reaches from 0 to 1. */
export type Rings = Float64Array[];

export class ChangeIndex {
  readonly rings: Rings[];
  /** Four numbers each: least x and y, largest x and y. */
  private readonly boxes: Float64Array;

  private constructor(readonly changes: readonly Change[]) {
    this.rings = changes.map(ringsOf);
    this.boxes = new Float64Array(4 * changes.length);
    this.rings.forEach((rings, place) => this.boxes.set(boxOf(rings), 4 * place));
  }

  private static readonly made = new WeakMap<ChangeCollection, ChangeIndex>();

  static of(changes: ChangeCollection): ChangeIndex {
    const known = this.made.get(changes) ?? new ChangeIndex(changes.features);
    this.made.set(changes, known);
    return known;
  }

  /** Places in `changes` of those that meet a box. */
  within(west: number, north: number, east: number, south: number): number[] {
    const { boxes } = this;
    const found: number[] = [];
    for (let place = 0, at = 0; at < boxes.length; place++, at += 4) {
      if (boxes[at]! <= east && boxes[at + 2]! >= west && boxes[at + 1]! <= south && boxes[at + 3]! >= north) found.push(place);
    }
    return found;
  }

  /** Least x and y, width and height, of the polygon at a place. */
  box(place: number): [number, number, number, number] {
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = this.boxes.subarray(4 * place, 4 * place + 4);
    return [x0, y0, x1 - x0, y1 - y0];
  }

  /** Those that hold a point. */
  at([longitude, latitude]: [number, number]): Change[] {
    const { x, y } = maplibregl.MercatorCoordinate.fromLngLat([longitude, latitude]);
    return this.within(x, y, x, y).filter((place) => holds(this.rings[place]!, x, y)).map((place) => this.changes[place]!);
  }

  /** From which zoom of tiles on no tile is a crowd; 0 where there are few polygons at all. */
  crowdedBelow(): number {
    if (this.changes.length <= FEW) return 0;
    for (let zoom = 0; zoom < DEEPEST; zoom++) if (this.largestCrowd(zoom) <= CROWD) return zoom;
    return DEEPEST;
  }

  private largestCrowd(zoom: number): number {
    const count = 2 ** zoom;
    const crowds = new Map<number, number>();
    let largest = 0;
    for (let at = 0; at < this.boxes.length; at += 4) {
      const tile = Math.floor(this.boxes[at + 1]! * count) * count + Math.floor(this.boxes[at]! * count);
      const crowd = (crowds.get(tile) ?? 0) + 1;
      crowds.set(tile, crowd);
      largest = Math.max(largest, crowd);
    }
    return largest;
  }
}

function ringsOf({ geometry }: Change): Rings {
  const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
  return rings.map((ring) => {
    const flat = new Float64Array(2 * ring.length);
    ring.forEach(([longitude = 0, latitude = 0], place) => {
      const { x, y } = maplibregl.MercatorCoordinate.fromLngLat([longitude, latitude]);
      flat[2 * place] = x;
      flat[2 * place + 1] = y;
    });
    return flat;
  });
}

function boxOf(rings: Rings): [number, number, number, number] {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let at = 0; at < ring.length; at += 2) {
      box[0] = Math.min(box[0], ring[at]!);
      box[1] = Math.min(box[1], ring[at + 1]!);
      box[2] = Math.max(box[2], ring[at]!);
      box[3] = Math.max(box[3], ring[at + 1]!);
    }
  }
  return box;
}

/** Even-odd: holes are outside. */
function holds(rings: Rings, x: number, y: number): boolean {
  let inside = false;
  for (const ring of rings) {
    for (let at = 2; at < ring.length; at += 2) {
      const [x0, y0, x1, y1] = [ring[at - 2]!, ring[at - 1]!, ring[at]!, ring[at + 1]!];
      if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
    }
  }
  return inside;
}
