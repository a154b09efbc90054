/** Lengths, areas and coordinates: on the WGS 84 ellipsoid or, of a picture without a place, in its pixels. */

import type { Description } from "../data/types.ts";
import { number } from "../ui/words.ts";

export type Point = [longitude: number, latitude: number];

const EQUATOR = 6_378_137; // radius of the ellipsoid, and of the sphere that Web Mercator takes it for [m]
const FLATTENING = 1 / 298.257223563;
const E2 = FLATTENING * (2 - FLATTENING);
const RADIANS = Math.PI / 180;
const PX = "px";

export interface Ground {
  /** Of a point, as people read them. */
  coordinates(point: Point): string;
  length(points: readonly Point[]): string;
  /** Of the ring that the points make. */
  area(points: readonly Point[]): string;
  /** What a pixel of the page is at the point, at a zoom, and of which unit. */
  resolution(point: Point, zoom: number): { size: number; unit: "m" | typeof PX };
}

export function groundOf({ georeferenced, metres_per_pixel }: Pick<Description, "georeferenced" | "metres_per_pixel">): Ground {
  return georeferenced ? onEarth : ofPicture(metres_per_pixel);
}

const onEarth: Ground = {
  coordinates: ([longitude, latitude]) => `${degrees(latitude, "N", "S")}, ${degrees(longitude, "E", "W")}`,
  length: (points) => metres(pairs(points).reduce((sum, [a, b]) => sum + distance(a, b), 0)),
  area: (points) => squareMetres(ellipsoidArea(points)),
  resolution: ([, latitude], zoom) => ({ size: mercatorMetres(zoom) * Math.cos(latitude * RADIANS), unit: "m" }),
};

function ofPicture(metresPerPixel: [number, number] | null): Ground {
  const [across, down] = metresPerPixel ?? [1, 1];
  const scaled = (points: readonly Point[]) => points.map((point) => { const [x, y] = pixel(point); return [x * across, y * down] as Point; });
  const stated = metresPerPixel !== null;
  return {
    coordinates: (point) => { const [x, y] = pixel(point); return `x ${Math.floor(x)}, y ${Math.floor(y)}`; },
    length: (points) => {
      const sum = pairs(scaled(points)).reduce((total, [[ax, ay], [bx, by]]) => total + Math.hypot(bx - ax, by - ay), 0);
      return stated ? metres(sum) : `${number(sum)} ${PX}`;
    },
    area: (points) => {
      const found = Math.abs(shoelace(scaled(points)));
      return stated ? squareMetres(found) : `${number(found)} ${PX}²`;
    },
    resolution: (_, zoom) => ({ size: mercatorMetres(zoom) * across, unit: stated ? "m" : PX }),
  };
}

/** Column and row of a picture's pixels, which are metres of Web Mercator from longitude 0, latitude 0 on. */
export function pixel([longitude, latitude]: Point): Point {
  const y = EQUATOR * Math.asinh(Math.tan(latitude * RADIANS));
  return [longitude * RADIANS * EQUATOR, -y];
}

/** Of Web Mercator, in a pixel of the page. */
function mercatorMetres(zoom: number): number {
  return (2 * Math.PI * EQUATOR) / (512 * 2 ** zoom);
}

/** [m]; by the ellipsoid's two radii at the middle: within a millionth over 100 km. */
function distance([west, south]: Point, [east, north]: Point): number {
  const latitude = ((south + north) / 2) * RADIANS;
  const w = Math.sqrt(1 - E2 * Math.sin(latitude) ** 2);
  const along = (EQUATOR * (1 - E2)) / w ** 3;
  const across = (EQUATOR / w) * Math.cos(latitude);
  return Math.hypot((north - south) * RADIANS * along, (east - west) * RADIANS * across);
}

/** [m2]; on the sphere of the ellipsoid's area, by authalic latitudes. */
function ellipsoidArea(points: readonly Point[]): number {
  const e = Math.sqrt(E2);
  const q = (sine: number) => (1 - E2) * (sine / (1 - E2 * sine * sine) + Math.atanh(e * sine) / e);
  const [first] = points;
  if (first === undefined) return 0;
  // equal-area cylinder: what lies between two parallels grows with q; from the first point on, to keep digits
  const origin = q(Math.sin(first[1] * RADIANS));
  const flat = points.map(([longitude, latitude]): Point => [
    (longitude - first[0]) * RADIANS * EQUATOR,
    (EQUATOR * (q(Math.sin(latitude * RADIANS)) - origin)) / 2,
  ]);
  return Math.abs(shoelace(flat));
}

function shoelace(points: readonly Point[]): number {
  return points.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = points[(index + 1) % points.length]!;
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

function pairs(points: readonly Point[]): [Point, Point][] {
  return points.slice(1).map((point, index) => [points[index]!, point]);
}

/** 12.34567° N */
export function degrees(value: number, positive: string, negative: string): string {
  return `${Math.abs(value).toFixed(5)}° ${value < 0 ? negative : positive}`;
}

export function metres(value: number): string {
  return value >= 1000 ? `${number(value / 1000)} km` : `${number(value)} m`;
}

export function squareMetres(value: number): string {
  return value >= 1e8 ? `${number(value / 1e6)} km²` : value >= 1000 ? `${number(value / 1e4)} ha` : `${number(value)} m²`;
}
