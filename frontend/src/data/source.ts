/** Where the data of a page come from: out of the page itself, or from the server that sent it. */

import { serverOf } from "../page.ts";
import type { PageFacts } from "../page.ts";
import { EmbeddedData } from "./embedded.ts";
import { ServedData } from "./served.ts";
import type { ChangeCollection, Description, LayerName } from "./types.ts";

export interface ResultData {
  readonly description: Description;
  /** Whether tiles are made as they are asked for, also deeper than the description says. */
  readonly makesTiles: boolean;
  /** Of a layer that is described: the address of its tiles, for MapLibre, with {z}, {x} and {y}. */
  tileTemplate(layer: LayerName): string;
  /** The bytes of a tile (PNG or WebP); null where it shows nothing. */
  tile(layer: LayerName, z: number, x: number, y: number): Promise<ArrayBuffer | null>;
  polygons(): Promise<ChangeCollection>;
  /** The description as it is by now, where that may be another. */
  again?(): Promise<Description>;
}

export async function openResult(page: PageFacts): Promise<ResultData> {
  return page.data === "embedded" ? EmbeddedData.open() : ServedData.open(serverOf(page), page.result ?? "");
}
