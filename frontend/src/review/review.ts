/** The state of a review: who judges, what comes next, what is on its way, what others said meanwhile. */

import { computed, signal } from "@preact/signals";
import { ServerError } from "../data/http.ts";
import { Outbox } from "../data/outbox.ts";
import type { ChangeGeometry } from "../data/types.ts";
import type { PageFacts } from "../page.ts";
import { areaInWords } from "../result/changes.ts";
import type { ResultState } from "../result/state.ts";
import { announce } from "../ui/announce.ts";
import { counted } from "../ui/words.ts";
import { Queue } from "./queue.ts";
import { ReviewServer } from "./server.ts";
import type { Counts, GivenVerdict, PolygonVerdict, ReviewState, Status } from "./types.ts";

const NAME = "minenetcd reviewer";
const ASK_AGAIN = 2000; // [ms]

export class Review {
  readonly name = signal(kept(NAME));
  /** Grows where a name is needed first: the field of it takes the focus. */
  readonly nameWanted = signal(0);
  /** While it is written. */
  readonly naming = signal(false);
  readonly comment = signal("");
  readonly confidence = signal(0.9);
  readonly counts = signal<Counts | null>(null);
  /** What went wrong, in a line. */
  readonly trouble = signal("");
  /** What was done last, in a line. */
  readonly said = signal("");
  readonly waiting;
  readonly reviewed;

  private readonly server: ReviewServer;
  private readonly outbox: Outbox<GivenVerdict>;
  private readonly queue = new Queue();
  private revision = 0;
  private sending: Promise<void> | null = null;
  /** Whether the first that waits may have arrived already. */
  private uncertain: boolean;
  private show: (id: number) => void = () => {};

  constructor(
    page: PageFacts,
    readonly state: ResultState,
  ) {
    this.server = new ReviewServer(page);
    if (matchMedia("(min-width: 1100px)").matches) state.setMode("side"); // both dates of a change at one glance
    this.outbox = new Outbox(`minenetcd verdicts ${new URL(page.root || ".", document.baseURI).pathname} ${page.result}`);
    this.uncertain = this.outbox.first !== undefined;
    this.waiting = computed(() => this.outbox.waiting.value.length);
    this.reviewed = computed(() => {
      const { accepted, rejected, unsure } = this.counts.value ?? {};
      return (accepted?.places ?? 0) + (rejected?.places ?? 0) + (unsure?.places ?? 0);
    });
  }

  /** Asks what there is, sends what an earlier page could not, and asks again every other second. */
  async open(show: (id: number) => void): Promise<() => void> {
    this.show = show;
    await this.look();
    void this.send();
    this.next();
    const timer = setInterval(() => void this.look(), ASK_AGAIN);
    return () => clearInterval(timer);
  }

  setName(name: string): void {
    this.name.value = name;
    keep(NAME, name.trim());
  }

  rename(): void {
    this.naming.value = true;
    this.nameWanted.value += 1;
  }

  /** Judges the change that is chosen, and goes to the next one. */
  give(status: Status, geometry: ChangeGeometry | null = null): void {
    const chosen = this.state.chosen.value;
    if (chosen === null || !this.isNamed()) return;
    const { id, comment } = chosen.properties;
    const text = this.comment.value.trim();
    const verdict: GivenVerdict = { polygon: id, status, by: this.name.value.trim(), comment: text === (comment ?? "") ? null : text, geometry };
    this.outbox.add(verdict);
    this.state.changes.update([{ id, part: { status, comment: text || null, reviewed_by: verdict.by }, geometry }]);
    this.queue.judged(id);
    this.tell(`Change ${id} ${status}`);
    this.next();
    void this.send();
  }

  /** Takes the last step back, and shows what it was of. */
  async undo(): Promise<void> {
    if (!this.isNamed()) return;
    await this.sending;
    const unsent = this.outbox.takeBack();
    if (unsent !== undefined) {
      this.revision = 0; // what the server has stands
      await this.look();
      return this.goTo(unsent.polygon, `Verdict on change ${unsent.polygon} taken back`);
    }
    await this.ask(async () => {
      const answer = await this.server.undo(this.name.value.trim(), this.revision);
      this.take(answer);
      const [first] = answer.verdicts;
      if (first === undefined) this.tell("There is nothing of yours to take back");
      else this.goTo(first, `Verdict on change ${first} taken back`);
    });
  }

  /** Accepts all that nobody judged and that is as sure as the field says. */
  async acceptAbove(): Promise<void> {
    if (!this.isNamed()) return;
    await this.sending;
    await this.ask(async () => {
      const answer = await this.server.acceptAbove(this.confidence.value, this.name.value.trim(), this.revision);
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

  private isNamed(): boolean {
    if (this.name.value.trim() !== "") return true;
    this.nameWanted.value += 1;
    this.tell("Write your name first: every verdict says whose it is");
    return false;
  }

  private isJudged(id: number | null): boolean {
    return !!this.state.changes.get(id)?.properties.status;
  }

  /** Sends what waits, one after the other, for as long as the server answers. */
  private send(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => (this.sending = null));
    return this.sending;
  }

  private async sendAll(): Promise<void> {
    for (let verdict = this.outbox.first; verdict !== undefined; verdict = this.outbox.first) {
      try {
        const answer = (this.uncertain && (await this.arrived(verdict))) || (await this.server.give(verdict, this.revision));
        this.uncertain = false;
        this.outbox.removeFirst();
        this.trouble.value = "";
        this.take(answer);
      } catch (error) {
        if (!this.isRefused(error)) {
          this.uncertain = true;
          return; // `look` tries again
        }
        this.outbox.removeFirst();
        this.trouble.value = `Change ${verdict.polygon}: ${(error as Error).message}`;
        announce(this.trouble.value);
        this.revision = 0;
        await this.look();
        this.goTo(verdict.polygon);
      }
    }
  }

  /** The review, where that verdict stands in it: the server was killed between storing it and saying so. */
  private async arrived({ polygon, status, by, comment, geometry }: GivenVerdict): Promise<ReviewState | null> {
    const looked = await this.server.look(0);
    const stands = looked.changed.find(({ id }) => id === polygon);
    const isIt = stands?.status === status && stands.reviewed_by === by && (comment === null || (stands.comment ?? "") === comment);
    return isIt && (geometry === null || stands.edited) ? looked : null;
  }

  /** Whether the server answered, and will never take it; else it is down, or the file is in use. */
  private isRefused(error: unknown): boolean {
    const refused = error instanceof ServerError && error.status < 500 && error.status !== 401;
    if (!refused) this.trouble.value = `${error instanceof ServerError ? error.message : "The server does not answer."} ${counted(this.outbox.waiting.value.length, "verdict")} kept here until it does.`;
    return refused;
  }

  /** What others did meanwhile. */
  private async look(): Promise<void> {
    try {
      const looked = await this.server.look(this.revision);
      if (this.sending !== null && looked.revision < this.revision) return; // it is older than an answer since
      this.take(looked);
      if (this.outbox.first === undefined) {
        if (this.trouble.value.startsWith("The server does not answer")) this.trouble.value = "";
      } else void this.send();
    } catch (error) {
      if (!(error instanceof ServerError) && this.outbox.first === undefined) this.trouble.value = "The server does not answer.";
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
    const own = new Set(this.outbox.waiting.value.map(({ polygon }) => polygon));
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

function kept(name: string): string {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // asked again next time
  }
}
