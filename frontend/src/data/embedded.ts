/** A result that lies in the page itself: nothing is ever fetched. */

import maplibregl from "maplibre-gl";
import { embedded } from "../page.ts";
import type { ResultData } from "./source.ts";
import type { ChangeCollection, Description, LayerName } from "./types.ts";

const PROTOCOL = "embedded";

/** A tile that shows nothing: one without data is not kept. */
const EMPTY = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII=";

export class EmbeddedData implements ResultData {
  readonly makesTiles = false;

  /** `tiles`: base64 by "layer/z/x/y". */
  private constructor(
    readonly description: Description,
    private readonly tiles: Record<string, string>,
  ) {
    maplibregl.addProtocol(PROTOCOL, async ({ url }) => {
      return { data: this.bytes(url.slice(PROTOCOL.length + 3)) ?? bytesOf(EMPTY) };
    });
  }

  static open(): EmbeddedData {
    const description = embedded<Description>("description");
    if (description === null) throw new Error("This page holds no result.");
    return new EmbeddedData(description, embedded<Record<string, string>>("tiles") ?? {});
  }

  tileTemplate(layer: LayerName): string {
    return (this.description.layers[layer]?.tiles ?? "").replace(/^embedded:(?!\/\/)/, `${PROTOCOL}://`); // as MapLibre knows protocols
  }

  async tile(layer: LayerName, z: number, x: number, y: number): Promise<ArrayBuffer | null> {
    return this.bytes(`${layer}/${z}/${x}/${y}`);
  }

  async polygons(): Promise<ChangeCollection> {
    return embedded<ChangeCollection>("polygons") ?? { type: "FeatureCollection", features: [] };
  }

  private bytes(key: string): ArrayBuffer | null {
    const text = this.tiles[key];
    if (text === undefined) return null;
    return bytesOf(text);
  }
}

function bytesOf(base64: string): ArrayBuffer {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
}
