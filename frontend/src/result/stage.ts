/** The map of a result, or two side by side, as the state asks for. */

import { batch, effect } from "@preact/signals";
import type { Map as MapLibreMap, MapMouseEvent } from "maplibre-gl";
import type { ResultData } from "../data/source.ts";
import type { Point } from "../map/ground.ts";
import { linked, MapSheet } from "../map/sheet.ts";
import { quietMotion, showAll } from "../map/view.ts";
import type { Palette } from "../page.ts";
import { boundsOf, mapFilter, statusesOf } from "./changes.ts";
import type { ResultState } from "./state.ts";

const BLINK = 900; // [ms] a date
const OPACITY = 0.78; // of probability over an image

export class Stage {
  /** What of the foot of the map is covered [px]. */
  covered = 0;
  private second: Promise<MapSheet> | null = null;
  private readonly sheets: MapSheet[];

  private constructor(
    readonly first: MapSheet,
    private readonly secondPlace: HTMLElement,
    private readonly data: ResultData,
    private readonly state: ResultState,
    private readonly palette: Palette,
  ) {
    this.sheets = [first];
    this.follow(first);
    this.showDates();
    this.blink();
    effect(() => this.goTo(this.state.chosenId.value));
  }

  static async open(firstPlace: HTMLElement, secondPlace: HTMLElement, data: ResultData, state: ResultState, palette: Palette): Promise<Stage> {
    const first = await MapSheet.open(firstPlace, data, state.changes.collection, palette, "Map of both dates");
    return new Stage(first, secondPlace, data, state, palette);
  }

  get map(): MapLibreMap {
    return this.first.map;
  }

  showAll(): void {
    showAll(this.map, this.data.description.bounds);
  }

  /** A point in the middle of the map, where no pointer sets it. */
  measureMiddle(): void {
    const { lng, lat } = this.map.getCenter();
    this.setPoint([lng, lat]);
  }

  private setPoint(point: Point): void {
    this.state.points.value = [...this.state.points.value, point];
  }

  /** What all maps show alike. */
  private follow(sheet: MapSheet): void {
    const { state } = this;
    const { unit } = state.description;
    effect(() => {
      const [exploring, probability] = [state.exploring.value, state.probability.value];
      sheet.probability?.set({ threshold: state.threshold.value, opacity: probability ? OPACITY : 0, lined: exploring });
      sheet.changes.look({ visible: state.outlines.value, faint: exploring });
    });
    effect(() => sheet.changes.filter(mapFilter(state.filter.value, state.shown.value, unit)));
    effect(() => sheet.changes.choose(state.editing.value ? null : state.chosen.value));
    effect(() => sheet.changes.replace(state.changes.outlined));
    effect(() => sheet.changes.judge(statusesOf(state.changes.now)));
    effect(() => {
      const { measure, points, pointer } = state;
      const ahead = measure.value !== null && points.value.length > 0 && pointer.value !== null ? [pointer.value] : [];
      sheet.measure.show(measure.value, [...points.value, ...ahead]);
    });
    effect(() => {
      const measuring = state.measure.value !== null;
      sheet.map.doubleClickZoom[measuring ? "disable" : "enable"]();
      sheet.map.getCanvas().style.cursor = measuring ? "crosshair" : "";
    });
    this.listen(sheet);
  }

  private listen({ map, changes }: MapSheet): void {
    const { state } = this;
    map.on("mousemove", ({ lngLat, point }: MapMouseEvent) => {
      state.pointer.value = lngLat.toArray();
      if (state.measure.value === null) map.getCanvas().style.cursor = changes.at(point) === null ? "" : "pointer";
    });
    map.on("mouseout", () => (state.pointer.value = null));
    map.on("click", ({ lngLat, point }: MapMouseEvent) => {
      if (state.editing.value) return;
      batch(() => {
        state.pointer.value = lngLat.toArray();
        if (state.measure.value !== null) this.setPoint(lngLat.toArray());
        else state.chosenId.value = changes.at(point);
      });
    });
  }

  private showDates(): void {
    const { state, first } = this;
    effect(() => {
      const mode = state.mode.value;
      if (mode === "swipe") first.images.swipe(state.share.value);
      else if (mode === "blink") first.images.showOnly(state.front.value);
      else first.images.showOnly("before");
    });
    effect(() => {
      const beside = state.mode.value === "side";
      if (beside) void this.openSecond();
      // the page lays the maps out first
      requestAnimationFrame(() => this.sheets.forEach(({ map }) => map.resize()));
    });
  }

  private async openSecond(): Promise<void> {
    this.second ??= MapSheet.open(this.secondPlace, this.data, this.state.changes.collection, this.palette, "Map of the later date").then((sheet) => {
      sheet.map.jumpTo({ center: this.map.getCenter(), zoom: this.map.getZoom() });
      sheet.images.showOnly("after");
      linked(this.map, sheet.map);
      this.sheets.push(sheet);
      this.follow(sheet);
      return sheet;
    });
    await this.second;
  }

  private blink(): void {
    const { state } = this;
    if (quietMotion()) state.blinking.value = false;
    effect(() => {
      if (state.mode.value !== "blink" || !state.blinking.value) return;
      const timer = setInterval(() => state.flip(), BLINK);
      return () => clearInterval(timer);
    });
  }

  /** Brings a change into sight where it is not, or is too small to be seen well. */
  private goTo(id: number | null): void {
    const change = this.state.changes.get(id);
    if (change === null) return;
    const [west, south, east, north] = boundsOf(change);
    const seen = this.map.getBounds();
    const [low, high] = [this.map.project([west, south]), this.map.project([east, north])];
    const large = Math.max(high.x - low.x, low.y - high.y);
    if (!(seen.contains([west, south]) && seen.contains([east, north]) && large > 24)) this.flyTo(id);
  }

  /** The change in the middle, as large as it fits. */
  flyTo(id: number | null): void {
    const change = this.state.changes.get(id);
    if (change === null) return;
    this.map.fitBounds(boundsOf(change), { padding: this.padding, maxZoom: this.map.getMaxZoom() - 3, duration: quietMotion() ? 0 : 500 });
  }

  /** Of what is shown, to the edges of the map [px]. */
  private get padding() {
    const { clientWidth, clientHeight } = this.map.getContainer();
    const padding = Math.min(120, clientWidth / 5, (clientHeight - this.covered) / 5);
    return { left: padding, right: padding, top: padding, bottom: padding + this.covered };
  }
}
