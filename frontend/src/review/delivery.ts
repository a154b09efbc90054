/** Verdicts on their way to the server, one after the other, whatever dies meanwhile. */

import { computed } from "@preact/signals";
import { ServerError } from "../data/http.ts";
import { Outbox } from "../data/outbox.ts";
import { counted } from "../ui/words.ts";
import type { ReviewServer } from "./server.ts";
import type { GivenVerdict, ReviewState } from "./types.ts";

export interface Recipient {
  /** After which revision the server is to tell. */
  revision(): number;
  /** The server has a verdict, and tells how the review stands. */
  arrived(answer: ReviewState): void;
  /** The server will never take this one. */
  refused(verdict: GivenVerdict, why: string): Promise<void>;
  /** The server does not take any now: what is to be said of that. */
  delayed(why: string): void;
}

export class Delivery {
  readonly waiting;
  private readonly outbox: Outbox<GivenVerdict>;
  private running: Promise<void> | null = null;
  /** Whether the first that waits may have arrived already. */
  private uncertain: boolean;

  /** `name`: under which the browser keeps what was not sent. */
  constructor(
    name: string,
    private readonly server: ReviewServer,
    private readonly recipient: Recipient,
  ) {
    this.outbox = new Outbox(name);
    this.uncertain = this.outbox.first !== undefined;
    this.waiting = computed(() => this.outbox.waiting.value.length);
  }

  /** Of which changes verdicts wait. */
  get polygons(): ReadonlySet<number> {
    return new Set(this.outbox.waiting.value.map(({ polygon }) => polygon));
  }

  /** What is being sent now; null: nothing is. */
  get sending(): Promise<void> | null {
    return this.running;
  }

  add(verdict: GivenVerdict): void {
    this.outbox.add(verdict);
    void this.send();
  }

  /** The last verdict, which was not sent. */
  takeBack(): GivenVerdict | undefined {
    return this.outbox.takeBack();
  }

  /** Sends what waits, for as long as the server answers. */
  send(): Promise<void> {
    this.running ??= this.sendAll().finally(() => (this.running = null));
    return this.running;
  }

  private async sendAll(): Promise<void> {
    for (let verdict = this.outbox.first; verdict !== undefined; verdict = this.outbox.first) {
      try {
        const answer = (this.uncertain && (await this.stored(verdict))) || (await this.server.give(verdict, this.recipient.revision()));
        this.uncertain = false;
        this.outbox.removeFirst();
        this.recipient.arrived(answer);
      } catch (error) {
        if (!isRefused(error)) {
          this.uncertain = true;
          const why = error instanceof ServerError ? error.message : "The server does not answer.";
          return this.recipient.delayed(`${why} ${counted(this.waiting.value, "verdict")} kept here until it does.`);
        }
        this.outbox.removeFirst();
        await this.recipient.refused(verdict, error.message);
      }
    }
  }

  /** The review, where that verdict stands in it: the server was killed between storing it and saying so. */
  private async stored({ polygon, status, by, comment, geometry }: GivenVerdict): Promise<ReviewState | null> {
    const looked = await this.server.look(0);
    const stands = looked.changed.find(({ id }) => id === polygon);
    const isIt = stands?.status === status && stands.reviewed_by === by && (comment === null || (stands.comment ?? "") === comment);
    return isIt && (geometry === null || stands.edited) ? looked : null;
  }
}

/** Whether the server answered, and will never take it; else it is down, or the file is in use. */
function isRefused(error: unknown): error is ServerError {
  return error instanceof ServerError && error.status < 500 && error.status !== 401;
}
