/** What is looked at, and how: the one state of a result's page, which its map and its panel follow. */

import { computed, signal } from "@preact/signals";
import type { Description, Role } from "../data/types.ts";
import type { Point } from "../map/ground.ts";
import type { Measure } from "../map/measure.ts";
import { Changes, EVERYTHING } from "./changes.ts";
import type { Filter, Order } from "./changes.ts";

export type Mode = "swipe" | "side" | "blink";

export class ResultState {
  readonly mode = signal<Mode>("swipe");
  /** Where the swipe line stands, as a share of the width. */
  readonly share = signal(0.5);
  /** While blinking: which date is seen, and whether it goes on by itself. */
  readonly front = signal<Role>("after");
  readonly blinking = signal(true);

  readonly probability = signal(false);
  readonly outlines = signal(true);
  readonly threshold;
  /** Whether another threshold than that of the result is looked at. */
  readonly exploring;

  readonly filter = signal<Filter>(EVERYTHING);
  readonly order = signal<Order>("largest");
  readonly shown;
  readonly chosenId = signal<number | null>(null);
  readonly chosen;

  readonly measure = signal<Measure | null>(null);
  readonly points = signal<readonly Point[]>([]);
  readonly pointer = signal<Point | null>(null);
  readonly keysShown = signal(false);
  /** What is to be known of the images, in words. */
  readonly notice = signal("");
  /** Whether the outline of the change that is chosen is being edited. */
  readonly editing = signal(false);

  constructor(
    readonly description: Description,
    readonly changes: Changes,
  ) {
    this.threshold = signal(description.threshold);
    this.exploring = computed(() => Math.abs(this.threshold.value - description.threshold) > 1e-6);
    this.shown = computed(() => changes.selected(this.filter.value, this.order.value));
    this.chosen = computed(() => changes.get(this.chosenId.value));
  }

  setMode(mode: Mode): void {
    if (mode === "blink" && this.mode.value === "blink") this.flip();
    this.mode.value = mode;
  }

  flip(): void {
    this.front.value = this.front.value === "after" ? "before" : "after";
  }

  /** The change `step` places further in the list. */
  chooseNext(step: number): void {
    const shown = this.shown.value;
    if (shown.length === 0) return;
    const here = shown.findIndex(({ properties }) => properties.id === this.chosenId.value);
    const next = here < 0 ? (step > 0 ? 0 : shown.length - 1) : (here + step + shown.length) % shown.length;
    this.chosenId.value = shown[next]!.properties.id;
  }

  /** In whole hundredths, or back to that of the result where it is near. */
  moveThreshold(step: number): void {
    this.setThreshold(Math.round((this.threshold.value + step) * 100) / 100);
  }

  setThreshold(value: number): void {
    const own = this.description.threshold;
    const next = Math.min(0.99, Math.max(0.01, value));
    this.threshold.value = Math.abs(next - own) < 0.005 ? own : next;
  }

  takeBackPoint(): void {
    this.points.value = this.points.value.slice(0, -1);
  }

  startMeasuring(kind: Measure): void {
    this.points.value = [];
    this.measure.value = this.measure.value === kind ? null : kind;
  }

  /** Ends what is going on: measuring, the list of keys, the choice. */
  leave(): void {
    if (this.keysShown.value) this.keysShown.value = false;
    else if (this.measure.value !== null) this.startMeasuring(this.measure.value);
    else this.chosenId.value = null;
  }
}
