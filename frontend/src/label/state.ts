/** What somebody at a labelling desk looks at and does: the one state of the page. */

import { computed, signal } from "@preact/signals";
import { getJson, postJson } from "../data/http.ts";
import type { Point } from "../map/ground.ts";
import { announce } from "../ui/announce.ts";
import type { Desk, DeskState, Label } from "./types.ts";

export type Tool = "click" | "brush" | "split" | "merge";
/** Which dates are seen: both, beside a line, or one. */
export type View = "swipe" | "before" | "after";

const BROADEST = 200; // of the brush, in pixels of the images

export class LabelState {
  readonly desk;
  readonly level;
  readonly tool = signal<Tool>("click");
  readonly label = signal<Label>("changed");
  /** Of the brush, in pixels of the images. */
  readonly radius = signal(4);
  readonly outlines = signal(true);
  readonly view = signal<View>("swipe");
  /** Where the line between both dates stands, as a share of the width. */
  readonly share = signal(0.5);
  readonly keysShown = signal(false);
  /** What was done last, or why it was not. */
  readonly said = signal("");
  readonly failed = signal(false);
  readonly isSaved;
  /** Whether it was saved with nothing labelled but what changed. */
  readonly restIsOpen;
  /** Acts that are not answered yet. */
  readonly waiting = signal(0);
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly facts: Desk,
    private readonly address: string,
  ) {
    this.desk = signal<DeskState>(facts.state);
    this.level = signal(facts.level);
    this.isSaved = computed(() => this.desk.value.saved_revision === this.desk.value.revision);
    this.restIsOpen = computed(() => {
      const { changed, unchanged, not_labelled } = this.desk.value.counts;
      return this.isSaved.value && changed > 0 && unchanged === 0 && not_labelled > 0;
    });
  }

  /** A click, or a line, with the tool in hand. */
  use(points: readonly Point[]): void {
    const { tool, level, label, radius } = this;
    const body = { level: level.value, points };
    if (tool.value === "split") void this.act("splits", body);
    else if (tool.value === "merge") void this.act("merges", body);
    else void this.act("marks", { ...body, label: label.value, radius: tool.value === "brush" ? radius.value : 0 });
  }

  propose(): void {
    void this.act("proposal", { level: this.level.value });
  }

  labelRest(): void {
    void this.act("rest", {});
  }

  undo(): void {
    void this.act("undo", {});
  }

  save(): void {
    void this.act("save", {});
  }

  setTool(tool: Tool): void {
    this.tool.value = tool;
  }

  /** A step to coarser segments, or with -1 to finer ones. */
  moveScale(step: number): void {
    this.level.value = Math.min(this.facts.scales.length - 1, Math.max(0, this.level.value + step));
  }

  setRadius(radius: number): void {
    this.radius.value = Math.min(BROADEST, Math.max(1, Math.round(radius)));
  }

  /** What another page did meanwhile. */
  async lookAgain(): Promise<void> {
    if (this.waiting.value > 0) return;
    const found = await getJson<DeskState>(`${this.address}/state`).catch(() => null);
    if (found !== null && found.revision > this.desk.value.revision) this.desk.value = found;
  }

  /** Acts are sent one after the other, in the order in which they were done. */
  private act(what: string, body: unknown): Promise<void> {
    this.waiting.value += 1;
    const done = this.last.then(() => postJson<DeskState>(`${this.address}/${what}`, body)).then(
      (found) => {
        this.desk.value = found;
        this.tell(found.said, false);
      },
      (error: Error) => this.tell(error instanceof TypeError ? "The server does not answer: is it still running?" : error.message, true),
    );
    this.last = done;
    return done.finally(() => (this.waiting.value -= 1));
  }

  private tell(said: string, failed: boolean): void {
    this.said.value = said;
    this.failed.value = failed;
    announce(said);
  }
}
