/** The map of a labelling desk: both dates, segments over them, and what is drawn. */

import { effect } from "@preact/signals";
import type { Map as MapLibreMap } from "maplibre-gl";
import { poll } from "../data/polling.ts";
import type { Role } from "../data/types.ts";
import { groundOf } from "../map/ground.ts";
import { DateImages } from "../map/images.ts";
import { openMap, showAll } from "../map/view.ts";
import type { Palette } from "../page.ts";
import { SegmentTiles } from "./segments.ts";
import type { LabelState } from "./state.ts";
import { Strokes } from "./strokes.ts";

const AGAIN = 3000; // until it is looked whether another page did something [ms]

export class LabelStage {
  private constructor(
    readonly map: MapLibreMap,
    private readonly state: LabelState,
  ) {}

  static async open(container: HTMLElement, state: LabelState, palette: Palette, root: string): Promise<LabelStage> {
    const { facts } = state;
    const map = await openMap(container, { bounds: facts.bounds, maxzoom: facts.layers.before.maxzoom, label: "Map of both dates and their segments" });
    map.doubleClickZoom.disable(); // two clicks are two marks
    const images = new DateImages(map, { description: facts, tileTemplate: (role: Role) => root + facts.layers[role].tiles });
    const segments = new SegmentTiles(map, root, facts);
    const stage = new LabelStage(map, state);
    effect(() => segments.show(state.level.value, state.desk.value.revision, state.outlines.value));
    effect(() => (state.view.value === "swipe" ? images.swipe(state.share.value) : images.showOnly(state.view.value)));
    const colours = { changed: palette.changed, unchanged: palette.before, none: palette.outline };
    new Strokes(map, {
      draws: () => state.tool.value === "brush" || state.tool.value === "merge",
      width: () => (state.tool.value === "brush" ? 2 * state.radius.value * stage.pixelOnScreen() : 3),
      colour: () => (state.tool.value === "brush" ? colours[state.label.value] : palette.outline),
      done: (points) => state.use(points),
    });
    effect(() => void (map.getCanvas().style.cursor = state.tool.value === "click" ? "pointer" : "crosshair"));
    poll(() => state.lookAgain(), AGAIN);
    return stage;
  }

  /** All of the desk in sight. */
  showAll(): void {
    showAll(this.map, this.state.facts.bounds);
  }

  /** The tool on the middle of the map, for those who have no pointer. */
  useMiddle(): void {
    this.state.use([this.map.getCenter().toArray()]);
  }

  /** How wide a pixel of the images is on the screen [px]. */
  private pixelOnScreen(): number {
    const { facts } = this.state;
    const ground = groundOf({ georeferenced: facts.georeferenced, metres_per_pixel: null });
    return (facts.metres_per_pixel?.[0] ?? 1) / ground.resolution(this.map.getCenter().toArray(), this.map.getZoom()).size;
  }
}
