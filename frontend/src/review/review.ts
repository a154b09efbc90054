/** The state of a review: what comes next, what was said, by this page and by others meanwhile. */

import { computed, signal } from "@preact/signals";
import { ServerError } from "../data/http.ts";
import { poll } from "../data/polling.ts";
import type { ChangeGeometry } from "../data/types.ts";
import { serverOf } from "../page.ts";
import type { PageFacts } from "../page.ts";
import { areaInWords } from "../result/changes.ts";
import type { ResultState } from "../result/state.ts";
import { announce } from "../ui/announce.ts";
import { counted } from "../ui/words.ts";
import { Delivery } from "./delivery.ts";
import { Queue } from "./queue.ts";
import { Reviewer } from "./reviewer.ts";
import { ReviewServer } from "./server.ts";
import type { Counts, GivenVerdict, PolygonVerdict, ReviewState, Status } from "./types.ts";

const ASK_AGAIN = 2000; // [ms]

export class Review {
  readonly reviewer = new Reviewer();
  readonly comment = signal("");
  readonly confidence = signal(0.9);
  readonly counts = signal<Counts | null>(null);
  /** What went wrong, in a line. */
  readonly trouble = signal("");
  /** What was done last, in a line. */
  readonly said = signal("");
  readonly reviewed;

  readonly delivery: Delivery;
  private readonly server: ReviewServer;
  private readonly queue = new Queue();
  private revision = 0;
  private show: (id: number) => void = () => {};

  constructor(
    page: PageFacts,
    readonly state: ResultState,
  ) {
    this.server = new ReviewServer(page);
    if (matchMedia("(min-width: 1100px)").matches) state.setMode("side"); // both dates of a change at one glance
    this.delivery = new Delivery(`minenetcd verdicts ${new URL(serverOf(page)).pathname} ${page.result}`, this.server, {
      revision: () => this.revision,
      arrived: (answer) => this.arrived(answer),
      refused: (verdict, why) => this.refused(verdict, why),
      delayed: (why) => (this.trouble.value = why),
    });
    this.reviewed = computed(() => {
      const { accepted, rejected, unsure } = this.counts.value ?? {};
      return (accepted?.places ?? 0) + (rejected?.places ?? 0) + (unsure?.places ?? 0);
    });
  }

  /** Asks what there is, sends what an earlier page could not, and asks again every other second. */
  async open(show: (id: number) => void): Promise<() => void> {
    this.show = show;
    await this.look();
    void this.delivery.send();
    this.next();
    return poll(() => this.look(), ASK_AGAIN);
  }

  /** Judges the change that is chosen, and goes to the next one. */
  give(status: Status, geometry: ChangeGeometry | null = null): void {
    const chosen = this.state.chosen.value;
    if (chosen === null) return;
    const { id, comment } = chosen.properties;
    if (!this.isNamed(() => this.giveTo(id, status, geometry))) return;
    const text = this.comment.value.trim();
    const verdict: GivenVerdict = { polygon: id, status, by: this.reviewer.signature, comment: text === (comment ?? "") ? null : text, geometry };
    this.state.changes.update([{ id, part: { status, comment: text || null, reviewed_by: verdict.by }, geometry }]);
    this.queue.judged(id);
    this.delivery.add(verdict);
    this.tell(`Change ${id} ${status}`);
    this.next();
  }

  /** What waited for a name. */
  private giveTo(id: number, status: Status, geometry: ChangeGeometry | null): void {
    this.state.chosenId.value = id;
    this.give(status, geometry);
  }

  /** Takes the last step back, and shows what it was of. */
  async undo(): Promise<void> {
    if (!this.isNamed(() => void this.undo())) return;
    await this.delivery.sending;
    const unsent = this.delivery.takeBack();
    if (unsent !== undefined) {
      this.revision = 0; // what the server has stands
      await this.look();
      return this.goTo(unsent.polygon, `Verdict on change ${unsent.polygon} taken back`);
    }
    await this.ask(async () => {
      const answer = await this.server.undo(this.reviewer.signature, this.revision);
      this.take(answer);
      const [first] = answer.verdicts;
      if (first === undefined) this.tell("There is nothing of yours to take back");
      else this.goTo(first, `Verdict on change ${first} taken back`);
    });
  }

  /** Accepts all that nobody judged and that is as sure as the field says. */
  async acceptAbove(): Promise<void> {
    if (!this.isNamed(() => void this.acceptAbove())) return;
    await this.delivery.sending;
    await this.ask(async () => {
      const answer = await this.server.acceptAbove(this.confidence.value, this.reviewer.signature, this.revision);
      this.take(answer);
      this.tell(`${counted(answer.verdicts.length, "change")} accepted; z takes them back`);
      if (this.isJudged(this.state.chosenId.value)) this.next();
    });
  }

  /** How many that would be. */
  get sureEnough(): number {
    const { features } = this.state.changes.now;
    return features.filter(({ properties: own }) => !own.status && (own.confidence_mean ?? -1) >= this.confidence.value).length;
  }

  /** The next change without a verdict; one that is skipped comes last from then on. */
  next({ skip = false } = {}): void {
    const here = this.state.chosenId.value;
    if (skip && here !== null) this.queue.skip(here);
    const next = this.queue.after(here, skip);
    if (next === null) {
      this.tell(this.reviewed.value > 0 ? "All changes have a verdict" : "There is no change to judge");
      return;
    }
    this.goTo(next);
  }

  private goTo(id: number, words = ""): void {
    this.state.chosenId.value = id;
    this.comment.value = String(this.state.changes.get(id)?.properties.comment ?? "");
    this.show(id);
    if (words) this.tell(words);
  }

  /** Asks for a name where there is none yet; `then` is done with it. */
  private isNamed(then: () => void): boolean {
    if (this.reviewer.signature !== "") return true;
    this.reviewer.ask(then);
    this.tell("Write your name, then Enter: every verdict says whose it is");
    return false;
  }

  private isJudged(id: number | null): boolean {
    return !!this.state.changes.get(id)?.properties.status;
  }

  private arrived(answer: ReviewState): void {
    this.trouble.value = "";
    this.take(answer);
  }

  private async refused({ polygon }: GivenVerdict, why: string): Promise<void> {
    this.trouble.value = `Change ${polygon}: ${why}`;
    announce(this.trouble.value);
    this.revision = 0;
    await this.look();
    this.goTo(polygon);
  }

  /** What others did meanwhile. */
  private async look(): Promise<void> {
    try {
      const looked = await this.server.look(this.revision);
      if (this.delivery.sending !== null && looked.revision < this.revision) return; // it is older than an answer since
      this.take(looked);
      if (this.delivery.waiting.value === 0) {
        if (this.trouble.value.startsWith("The server does not answer")) this.trouble.value = "";
      } else void this.delivery.send();
    } catch (error) {
      if (!(error instanceof ServerError) && this.delivery.waiting.value === 0) this.trouble.value = "The server does not answer.";
    }
  }

  private async ask(run: () => Promise<void>): Promise<void> {
    try {
      await run();
      this.trouble.value = "";
    } catch (error) {
      this.trouble.value = error instanceof ServerError ? error.message : "The server does not answer. Do this again when it does.";
      announce(this.trouble.value);
    }
  }

  private take({ revision, since, queue, counts, changed }: ReviewState): void {
    if (revision === this.revision && changed.length === 0 && this.counts.value !== null) return;
    const own = this.delivery.polygons;
    if (since === 0) this.forget(changed, own);
    this.state.changes.update(changed.filter(({ id }) => !own.has(id)).map((one) => ({ id: one.id, part: columns(one, this.state.description.unit), geometry: one.geometry })));
    this.queue.set(queue.filter((id) => !own.has(id)));
    this.counts.value = counts;
    this.revision = revision;
  }

  /** Verdicts that this page knows and that are nowhere any more. */
  private forget(changed: readonly PolygonVerdict[], own: ReadonlySet<number>): void {
    const known = new Set(changed.map(({ id }) => id));
    const gone = this.state.changes.now.features.filter(({ properties: { id, status } }) => status && !known.has(id) && !own.has(id));
    this.state.changes.update(gone.map(({ properties: { id } }) => ({ id, part: { status: null, comment: null, reviewed_by: null }, geometry: null })));
  }

  private tell(words: string): void {
    this.said.value = words;
    announce(words);
  }

  /** "Change 3 of 24: 1.20 ha". */
  get heading(): string {
    const chosen = this.state.chosen.value;
    return chosen === null ? "No change is chosen" : `Change ${chosen.properties.id}, ${areaInWords(chosen)}`;
  }
}

function columns({ status, reviewed_by, reviewed_at, comment, edited, area, perimeter }: PolygonVerdict, unit: "ha" | "px") {
  const sizes = unit === "ha" ? { area_ha: area, perimeter_m: perimeter } : { area_px: area, perimeter_px: perimeter };
  return { status, reviewed_by, reviewed_at, comment, edited, ...sizes };
}
