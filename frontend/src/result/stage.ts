/** The map of a result, or two side by side, as the state asks for. */

import { batch, effect } from "@preact/signals";
import type { Map as MapLibreMap, MapMouseEvent, PaddingOptions } from "maplibre-gl";
import type { ResultData } from "../data/source.ts";
import type { Bounds } from "../data/types.ts";
import type { Point } from "../map/ground.ts";
import { linked, MapSheet } from "../map/sheet.ts";
import { quietMotion, seesAll, showAll } from "../map/view.ts";
import type { Palette } from "../page.ts";
import { boundsOf, mapFilter, statusesOf } from "./changes.ts";
import type { ResultState } from "./state.ts";

const BLINK = 900; // [ms] a date
const SMALLEST = 24; // of a chosen change on the screen [px]
const OPACITY = 0.72; // of probability over an image

export class Stage {
  private second: Promise<MapSheet> | null = null;
  /** The change that was last chosen on the map, where its user looks already. */
  private clicked: number | null = null;

  private constructor(
    readonly first: MapSheet,
    private readonly secondPlace: HTMLElement,
    private readonly data: ResultData,
    private readonly state: ResultState,
    private readonly palette: Palette,
  ) {
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

  /** All of the result in sight, after so many milliseconds. */
  showAll(duration?: number): void {
    showAll(this.map, this.data.description.bounds, duration);
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
    effect(() => sheet.changes.filter(mapFilter(state.filter.value, state.shown.value, unit), state.shown.value));
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
    map.on("mousemove", ({ lngLat }: MapMouseEvent) => {
      state.pointer.value = lngLat.toArray();
      if (state.measure.value === null) map.getCanvas().style.cursor = changes.at(lngLat.toArray()) === null ? "" : "pointer";
    });
    map.on("mouseout", () => (state.pointer.value = null));
    map.on("click", ({ lngLat }: MapMouseEvent) => {
      if (state.editing.value) return;
      batch(() => {
        state.pointer.value = lngLat.toArray();
        if (state.measure.value !== null) this.setPoint(lngLat.toArray());
        else state.chosenId.value = this.clicked = changes.at(lngLat.toArray());
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
      const whole = seesAll(this.map, this.data.description.bounds);
      requestAnimationFrame(() => { // by then the page has laid the maps out
        this.map.resize();
        if (whole) this.showAll(0);
        if (beside) void this.openSecond();
      });
    });
  }

  private async openSecond(): Promise<void> {
    this.second ??= MapSheet.open(this.secondPlace, this.data, this.state.changes.collection, this.palette, "Map of the later date").then((sheet) => {
      sheet.map.resize();
      sheet.map.jumpTo({ center: this.map.getCenter(), zoom: this.map.getZoom() });
      sheet.images.showOnly("after");
      linked(this.map, sheet.map);
      this.follow(sheet);
      return sheet;
    });
    (await this.second).map.resize();
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

  /** Brings a change into sight where it is not, lies under what is told of it, or is too small to be seen well. */
  private goTo(id: number | null): void {
    const change = this.state.changes.get(id);
    if (change === null || id === this.clicked) return;
    this.clicked = null;
    const [west, south, east, north] = boundsOf(change);
    const { map } = this;
    const { clientWidth: width, clientHeight: height } = map.getContainer();
    const free = freeOfCards(width);
    const [low, high] = [map.project([west, south]), map.project([east, north])];
    const inSight = low.x > 0 && high.x < width - free.right && high.y > free.top - 60 && low.y < height - free.bottom;
    if (inSight && Math.max(high.x - low.x, low.y - high.y) > SMALLEST) return;
    this.fit(boundsOf(change), free);
  }

  /** The change in the middle of what nothing covers, as large as it fits. `below`: what is covered of its foot [px]. */
  flyTo(id: number, below: number): void {
    const change = this.state.changes.get(id);
    if (change === null) return;
    const { clientWidth, clientHeight } = this.map.getContainer();
    const free = Math.min(120, clientWidth / 5, (clientHeight - below) / 5);
    this.fit(boundsOf(change), { left: free, right: free, top: free, bottom: free + below });
  }

  private fit(bounds: Bounds, padding: PaddingOptions): void {
    this.map.fitBounds(bounds, { padding, maxZoom: this.map.getMaxZoom() - 3, duration: quietMotion() ? 0 : 500 });
  }
}

/** What a chosen change is not to lie under, from the edges of the map [px]. */
function freeOfCards(width: number): { top: number; right: number; bottom: number; left: number } {
  if (matchMedia("(max-width: 760px)").matches) return { top: 130, right: 30, bottom: 300, left: 30 };
  return { top: 120, right: Math.min(340, width / 2), bottom: 70, left: 40 };
}
