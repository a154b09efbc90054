/** The state of judging a sample: which point is seen, what was said, what is on its way. */

import { computed, signal } from "@preact/signals";
import { getJson, postJson, ServerError } from "../data/http.ts";
import { Outbox } from "../data/outbox.ts";
import { poll } from "../data/polling.ts";
import { serverOf } from "../page.ts";
import type { PageFacts } from "../page.ts";
import { announce } from "../ui/announce.ts";

/** As the server has them (minenetcd/web/serving/routes/samples.py). */
export interface Answer {
  code: string;
  name: string;
  key: string;
}

export interface Point {
  id: string;
  place: [number, number] | null;
}

export interface Sample {
  sample: string;
  question: string;
  answers: Answer[];
  points: Point[];
  chips: string;
}

type Said = readonly [reference: string, comment: string];

interface Given {
  point: string;
  reference: string;
  comment: string;
}

const ASK_AGAIN = 2000; // [ms]

export class Judging {
  readonly at = signal(0);
  readonly said = signal<ReadonlyMap<string, Said>>(new Map());
  /** Whether the later date is seen in the place of the earlier one. */
  readonly blink = signal(false);
  readonly trouble = signal("");
  readonly point;
  readonly judged;
  private readonly outbox: Outbox<Given>;
  private version = "";
  private sending = false;

  private constructor(
    private readonly base: string,
    private readonly address: string,
    readonly sample: Sample,
  ) {
    this.outbox = new Outbox<Given>(`minenetcd answers ${sample.sample}`);
    this.point = computed(() => sample.points[this.at.value]!);
    this.judged = computed(() => sample.points.filter(({ id }) => this.of(id)[0] !== "").length);
  }

  static async open(page: PageFacts): Promise<Judging> {
    const base = serverOf(page);
    const address = `${base}api/samples/${encodeURIComponent(String(page["sample"]))}`;
    const judging = new Judging(base, address, await getJson<Sample>(address));
    await judging.look();
    judging.goToOpen(-1);
    return judging;
  }

  /** Asks what others say, until the answer is called. */
  follow(): () => void {
    return poll(() => this.look(), ASK_AGAIN);
  }

  picture(date: "before" | "after", place = this.at.value): string {
    const point = this.sample.points[place];
    return point === undefined ? "" : this.base + this.sample.chips.replace("{point}", point.id).replace("{date}", date);
  }

  of(id: string): Said {
    return this.said.value.get(id) ?? ["", ""];
  }

  answer(code: string): void {
    const { id } = this.point.value;
    this.say(id, code, this.of(id)[1]);
    if (code !== "") this.go(1);
  }

  comment(text: string): void {
    const { id } = this.point.value;
    if (text !== this.of(id)[1]) this.say(id, this.of(id)[0], text);
  }

  go(step: number): void {
    this.at.value = Math.min(Math.max(this.at.value + step, 0), this.sample.points.length - 1);
    const { id } = this.point.value;
    const answer = this.sample.answers.find(({ code }) => code === this.of(id)[0]);
    announce(`Point ${this.at.value + 1} of ${this.sample.points.length}${answer === undefined ? "" : `: ${answer.name}`}`);
  }

  /** The next point without an answer. */
  goToOpen(from = this.at.value): void {
    const { points } = this.sample;
    const order = points.map((_, step) => (from + 1 + step) % points.length);
    const open = order.find((place) => this.of(points[place]!.id)[0] === "");
    if (open !== undefined) this.at.value = open;
  }

  private say(point: string, reference: string, comment: string): void {
    this.said.value = new Map(this.said.value).set(point, [reference, comment]);
    this.outbox.add({ point, reference, comment });
    void this.send();
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      for (let given = this.outbox.first; given !== undefined; given = this.outbox.first) {
        await postJson(`${this.address}/said`, given);
        this.outbox.removeFirst();
        this.trouble.value = "";
      }
    } catch (error) {
      const refused = error instanceof ServerError && error.status < 500 && error.status !== 401;
      if (refused) this.outbox.removeFirst();
      this.trouble.value = error instanceof ServerError ? error.message : "The server does not answer. What you say is kept here until it does.";
      announce(this.trouble.value);
    } finally {
      this.sending = false;
    }
  }

  private async look(): Promise<void> {
    if (this.outbox.first !== undefined) await this.send();
    try {
      const { version, said } = await getJson<{ version: string; said: Record<string, Said> | null }>(`${this.address}/said?since=${encodeURIComponent(this.version)}`);
      if (said === null) return;
      const own = this.outbox.waiting.value.map(({ point, reference, comment }) => [point, [reference, comment] as Said] as const);
      this.said.value = new Map([...Object.entries(said), ...own]);
      this.version = version;
    } catch (error) {
      if (error instanceof ServerError) this.trouble.value = error.message;
      else if (this.trouble.value === "") this.trouble.value = "The server does not answer. What you say is kept here until it does.";
    }
  }
}
