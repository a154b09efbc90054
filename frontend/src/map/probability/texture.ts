/**
 * The tiles in sight as one texture, so that what lies between their pixels is interpolated across their edges, too.
 *
 * Tile (x, y) has the place (x mod slots, y mod slots), and the texture repeats: moving on replaces rows and columns.
 */

import type { TileWindow } from "./window.ts";

const SIDE = 256;
const NOTHING = new Uint8Array(SIDE * SIDE);

export type ReadTile = (z: number, x: number, y: number) => Promise<ImageBitmap | null>;

export class TileTexture {
  private readonly texture: WebGLTexture;
  /** By place: which tile it is for, and whether that has come. */
  private readonly held = new Map<number, { key: string; here: boolean }>();
  private readonly arrived: { place: number; key: string; picture: ImageBitmap | null }[] = [];
  window: TileWindow = { z: 0, x0: 0, y0: 0, x1: -1, y1: -1 };

  constructor(
    private readonly gl: WebGL2RenderingContext,
    readonly slots: number,
    private readonly read: ReadTile,
    private readonly changed: () => void,
  ) {
    this.texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R8, slots * SIDE, slots * SIDE);
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.LINEAR],
      [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
      [gl.TEXTURE_WRAP_S, gl.REPEAT],
      [gl.TEXTURE_WRAP_T, gl.REPEAT],
    ] as const)
      gl.texParameteri(gl.TEXTURE_2D, name, value);
  }

  /** Bound to the active unit, with what has arrived; asks for those of `window` that are missing. */
  show(window: TileWindow): void {
    this.window = window;
    this.gl.bindTexture(this.gl.TEXTURE_2D, this.texture);
    for (let y = window.y0; y <= window.y1; y++) for (let x = window.x0; x <= window.x1; x++) this.want(window.z, x, y);
    this.takeOver();
  }

  /** Whether all tiles of the window are here. */
  get complete(): boolean {
    return [...this.held.values()].every(({ here }) => here);
  }

  bind(): void {
    this.gl.bindTexture(this.gl.TEXTURE_2D, this.texture);
  }

  remove(): void {
    this.gl.deleteTexture(this.texture);
    this.held.clear();
  }

  private want(z: number, x: number, y: number): void {
    const place = (y % this.slots) * this.slots + (x % this.slots);
    const key = `${z}/${x}/${y}`;
    if (this.held.get(place)?.key === key) return;
    this.held.set(place, { key, here: false });
    this.put(place, NOTHING);
    void this.read(z, x, y)
      .catch(() => null) // shown as nothing; the server's own line tells
      .then((picture) => {
        this.arrived.push({ place, key, picture });
        this.changed();
      });
  }

  private takeOver(): void {
    for (const { place, key, picture } of this.arrived.splice(0)) {
      const holder = this.held.get(place);
      if (holder?.key === key) {
        holder.here = true;
        if (picture !== null) this.put(place, picture);
      }
      picture?.close();
    }
  }

  private put(place: number, pixels: Uint8Array | ImageBitmap): void {
    const { gl } = this;
    const [x, y] = [(place % this.slots) * SIDE, Math.floor(place / this.slots) * SIDE];
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    if (pixels instanceof Uint8Array) gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, SIDE, SIDE, gl.RED, gl.UNSIGNED_BYTE, pixels);
    else gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, gl.RED, gl.UNSIGNED_BYTE, pixels);
  }
}
