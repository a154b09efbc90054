/** What is on its way to the server: kept by this tab until the server has them, also where it is down or the page is loaded anew. */

import { signal } from "@preact/signals";

export class Outbox<T> {
  readonly waiting = signal<readonly T[]>([]);

  constructor(private readonly name: string) {
    try {
      const kept: unknown = JSON.parse(sessionStorage.getItem(name) ?? "[]");
      this.waiting.value = Array.isArray(kept) ? (kept as T[]) : [];
    } catch {
      this.waiting.value = [];
    }
  }

  get first(): T | undefined {
    return this.waiting.value[0];
  }

  add(one: T): void {
    this.set([...this.waiting.value, one]);
  }

  /** The first one has arrived, or is refused for good. */
  removeFirst(): void {
    this.set(this.waiting.value.slice(1));
  }

  /** The last one, which was not sent. */
  takeBack(): T | undefined {
    const last = this.waiting.value.at(-1);
    this.set(this.waiting.value.slice(0, -1));
    return last;
  }

  private set(waiting: readonly T[]): void {
    this.waiting.value = waiting;
    try {
      if (waiting.length > 0) sessionStorage.setItem(this.name, JSON.stringify(waiting));
      else sessionStorage.removeItem(this.name);
    } catch {
      // a browser that keeps nothing sends them all the same
    }
  }
}
