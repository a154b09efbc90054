/** A result that the server gives. */

import { getJson } from "./http.ts";
import type { ResultData } from "./source.ts";
import type { ChangeCollection, Description, LayerName } from "./types.ts";

export class ServedData implements ResultData {
  readonly makesTiles = true;

  private constructor(
    readonly description: Description,
    private readonly root: string,
  ) {}

  /** `root`: the address of the server. */
  static async open(root: string, id: string): Promise<ServedData> {
    return new ServedData(await getJson<Description>(`${root}api/results/${encodeURIComponent(id)}`), root);
  }

  tileTemplate(layer: LayerName): string {
    return this.root + (this.description.layers[layer]?.tiles ?? "");
  }

  async tile(layer: LayerName, z: number, x: number, y: number): Promise<ArrayBuffer | null> {
    const address = this.tileTemplate(layer).replace("{z}", `${z}`).replace("{x}", `${x}`).replace("{y}", `${y}`);
    const answer = await fetch(address);
    return answer.ok && answer.status !== 204 ? answer.arrayBuffer() : null;
  }

  again(): Promise<Description> {
    return getJson<Description>(`${this.root}api/results/${encodeURIComponent(this.description.id)}`);
  }

  async polygons(): Promise<ChangeCollection> {
    const { polygons } = this.description;
    return typeof polygons === "string" ? getJson<ChangeCollection>(this.root + polygons) : polygons;
  }
}
