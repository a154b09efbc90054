/** An outline as rings that are edited one by one, and put together again. */

import type { Polygon, Position } from "geojson";
import type { ChangeGeometry } from "../data/types.ts";

/** A closed ring, and of which polygon and in which place it was. */
export interface Ring {
  part: number;
  place: number;
  points: Position[];
}

export function ringsOf(geometry: ChangeGeometry): Ring[] {
  const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return parts.flatMap((rings, part) => rings.map((points, place) => ({ part, place, points })));
}

/** The rings as one outline; a polygon without its outer ring is gone, and a hole of it. */
export function outlineOf(rings: readonly Ring[]): ChangeGeometry | null {
  const parts = [...new Set(rings.map(({ part }) => part))].sort((a, b) => a - b);
  const polygons = parts
    .map((part) => rings.filter((ring) => ring.part === part).sort((a, b) => a.place - b.place))
    .filter(([first]) => first?.place === 0)
    .map((own) => own.map(({ points }) => points));
  if (polygons.length === 0) return null;
  return polygons.length === 1 ? { type: "Polygon", coordinates: polygons[0]! } : { type: "MultiPolygon", coordinates: polygons };
}

/** With fewer points, none of which lay farther than `tolerance` from the new line [degrees] (Douglas and Peucker). */
export function simplified(points: readonly Position[], tolerance: number, stretch: number): Position[] {
  const far = farthestFromFirst(points, stretch);
  const [one, other] = [line(points.slice(0, far + 1), tolerance, stretch), line(points.slice(far), tolerance, stretch)];
  const ring = [...one, ...other.slice(1)];
  return ring.length >= 4 ? ring : [...points];
}

function line(points: readonly Position[], tolerance: number, stretch: number): Position[] {
  const keep = new Set([0, points.length - 1]);
  const open: [number, number][] = [[0, points.length - 1]];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [from, to] = span;
    let [worst, place] = [tolerance, -1];
    for (let at = from + 1; at < to; at++) {
      const off = distance(points[at]!, points[from]!, points[to]!, stretch);
      if (off > worst) [worst, place] = [off, at];
    }
    if (place < 0) continue;
    keep.add(place);
    open.push([from, place], [place, to]);
  }
  return [...keep].sort((a, b) => a - b).map((at) => points[at]!);
}

function farthestFromFirst(points: readonly Position[], stretch: number): number {
  const [first] = points;
  let [far, place] = [-1, Math.floor(points.length / 2)];
  points.forEach((point, at) => {
    const off = Math.hypot(point[0]! - first![0]!, (point[1]! - first![1]!) * stretch);
    if (off > far) [far, place] = [off, at];
  });
  return place;
}

/** Of a point from a line between two; `stretch`: of a degree of latitude, in degrees of longitude. */
function distance([x, y]: Position, [ax, ay]: Position, [bx, by]: Position, stretch: number): number {
  const [px, py, dx, dy] = [x! - ax!, (y! - ay!) * stretch, bx! - ax!, (by! - ay!) * stretch];
  const long = dx * dx + dy * dy;
  const along = long === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / long));
  return Math.hypot(px - along * dx, py - along * dy);
}

export function asPolygon(points: Position[]): Polygon {
  return { type: "Polygon", coordinates: [points] };
}
