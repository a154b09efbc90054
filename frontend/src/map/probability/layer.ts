/** The probability of change as a layer of a map: a threshold moves in the graphics processor, nothing is fetched. */

import type { CustomLayerInterface, Map as MapLibreMap } from "maplibre-gl";
import type { ResultData } from "../../data/source.ts";
import type { Layer } from "../../data/types.ts";
import type { Palette } from "../../page.ts";
import { Painter } from "./painter.ts";
import type { Look } from "./painter.ts";
import { TileTexture } from "./texture.ts";
import { tilesInSight } from "./window.ts";

/** Of one texture, a side: 16 tiles are 4096 pixels, which every graphics processor holds. */
const MOST_SLOTS = 16;
/** A tile is at least so many pixels of the page wide. */
const NARROWEST = 180;

export class ProbabilityLayer implements CustomLayerInterface {
  readonly id = "probability";
  readonly type = "custom" as const;
  private map: MapLibreMap | null = null;
  private painter: Painter | null = null;
  /** What is seen, and what is to replace it as soon as it is complete: another zoom. */
  private shown: TileTexture | null = null;
  private next: TileTexture | null = null;
  private look: Look;
  private reading = 0;

  constructor(
    private readonly data: ResultData,
    private readonly layer: Layer,
    private readonly palette: Palette,
  ) {
    this.look = { threshold: data.description.threshold, opacity: 0, lined: false };
  }

  /** How it looks from now on; with neither colours nor a line nothing is read. */
  set(look: Partial<Look>): void {
    this.look = { ...this.look, ...look };
    this.map?.triggerRepaint();
  }

  onAdd(map: MapLibreMap, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    this.map = map;
    this.painter = new Painter(gl as WebGL2RenderingContext, this.palette); // which `openMap` asks for
  }

  onRemove(): void {
    this.shown?.remove();
    this.next?.remove();
    this.painter?.remove();
    this.map = this.painter = this.shown = this.next = null;
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    const { map, painter } = this;
    if (map === null || painter === null || (this.look.opacity === 0 && !this.look.lined)) return;
    this.load(map, gl as WebGL2RenderingContext);
    if (this.shown !== null) painter.draw(map, this.shown, this.look);
  }

  private load(map: MapLibreMap, gl: WebGL2RenderingContext): void {
    const { clientWidth, clientHeight } = map.getCanvas();
    const slots = Math.min(MOST_SLOTS, Math.ceil(Math.max(clientWidth, clientHeight) / NARROWEST) + 2);
    const window = tilesInSight(map, this.layer, slots);
    if (this.shown?.window.z === window.z && this.shown.slots === slots) {
      this.next?.remove();
      this.next = null;
      return this.shown.show(window);
    }
    if (this.next?.window.z !== window.z || this.next.slots !== slots) {
      this.next?.remove();
      this.next = new TileTexture(gl, slots, this.read, () => map.triggerRepaint());
    }
    this.next.show(window);
    if (this.next.complete || this.shown === null) {
      this.shown?.remove();
      [this.shown, this.next] = [this.next, null];
    }
  }

  private read = async (z: number, x: number, y: number): Promise<ImageBitmap | null> => {
    this.say(1);
    try {
      const bytes = await this.data.tile("probability", z, x, y);
      if (bytes === null) return null;
      return await createImageBitmap(new Blob([bytes]), { premultiplyAlpha: "none", colorSpaceConversion: "none" });
    } finally {
      this.say(-1);
    }
  };

  /** The page says how many tiles are on their way, which MapLibre does not know of. */
  private say(more: number): void {
    this.reading += more;
    if (this.map !== null) this.map.getContainer().dataset["reading"] = `${this.reading}`;
  }
}
