/** What is asked of the server about the review of one result. */

import { getJson, postJson } from "../data/http.ts";
import { serverOf } from "../page.ts";
import type { PageFacts } from "../page.ts";
import type { GivenVerdict, ReviewState, VerdictAnswer } from "./types.ts";

export class ReviewServer {
  private readonly address: string;

  constructor(page: PageFacts) {
    this.address = `${serverOf(page)}api/results/${encodeURIComponent(page.result ?? "")}/verdicts`;
  }

  look(since: number): Promise<ReviewState> {
    return getJson(`${this.address}?since=${since}`);
  }

  give(verdict: GivenVerdict, since: number): Promise<VerdictAnswer> {
    return postJson(`${this.address}?since=${since}`, verdict);
  }

  undo(by: string, since: number): Promise<VerdictAnswer> {
    return postJson(`${this.address}/undo?since=${since}`, { by });
  }

  acceptAbove(confidence: number, by: string, since: number): Promise<VerdictAnswer> {
    return postJson(`${this.address}/accept-above?since=${since}`, { confidence, by });
  }
}
