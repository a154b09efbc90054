/** Outlines of very many polygons as tiles of a picture: however many there are, a frame costs one layer more. */

import maplibregl from "maplibre-gl";
import type { ChangeIndex } from "./index.ts";
import type { Palette } from "../../page.ts";

const PROTOCOL = "outlines";
const SIDE = 256;
/** Lines of a neighbour reach so far into a tile [px]. */
const MARGIN = 3;
/** So long is drawn without a pause, so that the page always answers [ms], and so many between looks at the clock. */
const AT_A_TIME = 8;
const AT_ONCE = 100;
/** What is smaller, with its line, is a dot [px]. */
const DOT = 4;

type Shown = (id: number) => boolean;

export class OutlinePictures {
  private static readonly all = new Map<number, OutlinePictures>();
  private static made = 0;
  private readonly number = OutlinePictures.made++;
  private version = 0;
  private shown: Shown = () => true;

  constructor(
    private readonly index: ChangeIndex,
    private readonly palette: Palette,
  ) {
    if (this.number === 0) maplibregl.addProtocol(PROTOCOL, ({ url }) => answer(url));
    OutlinePictures.all.set(this.number, this);
  }

  /** No tile of these is asked for any more. */
  remove(): void {
    OutlinePictures.all.delete(this.number);
  }

  static numbered(number: number): OutlinePictures | undefined {
    return this.all.get(number);
  }

  /** Another address each time, so that no earlier tile is taken for one of these. */
  get template(): string {
    return `${PROTOCOL}://${this.number}/${this.version}/{z}/{x}/{y}`;
  }

  show(shown: Shown): void {
    this.shown = shown;
    this.version += 1;
  }

  async tile(z: number, x: number, y: number): Promise<ImageBitmap> {
    await nextTask(); // the map asks for many tiles in one go
    const density = devicePixelRatio > 1 ? 2 : 1;
    const canvas = new OffscreenCanvas(SIDE * density, SIDE * density);
    // drawn by the processor, and read after each part: else all of it would be drawn at the end, in one go
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    pen.lineJoin = "round";
    const size = 1 / 2 ** z; // of a tile, on the map from 0 to 1
    const margin = (MARGIN / SIDE) * size;
    const places = this.index.within(x * size - margin, y * size - margin, (x + 1) * size + margin, (y + 1) * size + margin);
    const seen = places.filter((place) => this.shown(this.index.changes[place]!.properties.id));
    const scale = (SIDE * density) / size;
    for (const [colour, width] of [[`${this.palette.outlineCasing}a6`, 2.6], [this.palette.outline, 1.3]] as const) {
      pen.strokeStyle = pen.fillStyle = colour;
      pen.lineWidth = width * density;
      await inParts(pen, seen, (place) => {
        const [left, top, wide, high] = this.index.box(place);
        if (Math.max(wide, high) * scale < DOT * density) {
          const [w, h] = [wide, high].map((side) => Math.max(side * scale, density) + pen.lineWidth / 2) as [number, number];
          pen.fillRect((left + wide / 2 - x * size) * scale - w / 2, (top + high / 2 - y * size) * scale - h / 2, w, h);
          return;
        }
        pen.beginPath();
        for (const ring of this.index.rings[place]!) trace(pen, ring, x * size, y * size, scale);
        pen.stroke();
      });
    }
    return canvas.transferToImageBitmap();
  }
}

async function answer(url: string): Promise<{ data: ImageBitmap }> {
  const [number = 0, , z = 0, x = 0, y = 0] = url.slice(PROTOCOL.length + 3).split("/").map(Number);
  const pictures = OutlinePictures.numbered(number);
  if (pictures === undefined) throw new Error(`${url} is not drawn here.`);
  return { data: await pictures.tile(z, x, y) };
}

function trace(pen: OffscreenCanvasRenderingContext2D, ring: Float64Array, west: number, north: number, scale: number): void {
  for (let at = 0; at < ring.length; at += 2) {
    const [x, y] = [(ring[at]! - west) * scale, (ring[at + 1]! - north) * scale];
    if (at === 0) pen.moveTo(x, y);
    else pen.lineTo(x, y);
  }
}

async function inParts(pen: OffscreenCanvasRenderingContext2D, places: readonly number[], draw: (place: number) => void): Promise<void> {
  let began = performance.now();
  for (let first = 0; first < places.length; first += AT_ONCE) {
    places.slice(first, first + AT_ONCE).forEach(draw);
    pen.getImageData(0, 0, 1, 1);
    if (performance.now() - began < AT_A_TIME) continue;
    await nextTask();
    began = performance.now();
  }
}

function nextTask(): Promise<void> {
  return new Promise((go) => setTimeout(go));
}
