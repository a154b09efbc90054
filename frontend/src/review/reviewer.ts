/** Who judges: asked for with the first verdict, and kept by the browser. */

import { signal } from "@preact/signals";

const NAME = "minenetcd reviewer";

export class Reviewer {
  readonly name = signal(kept(NAME));
  /** Grows where a name is needed first: the field of it takes the focus. */
  readonly nameWanted = signal(0);
  /** While it is written. */
  readonly naming = signal(false);
  /** What is done as soon as there is a name. */
  private waiting: (() => void) | null = null;

  /** The name as verdicts have it; "" where none was written yet. */
  get signature(): string {
    return this.name.value.trim();
  }

  setName(name: string): void {
    this.name.value = name;
    keep(NAME, name.trim());
  }

  rename(): void {
    this.ask();
  }

  /** Asks for a name; with it `then` is done, unless the name is left with Escape. */
  ask(then: (() => void) | null = null): void {
    this.waiting = then;
    this.naming.value = true;
    this.nameWanted.value += 1;
  }

  /** The name is written, or left as it is: `isGiven` false. */
  end(isGiven: boolean): void {
    this.naming.value = false;
    const then = this.waiting;
    this.waiting = null;
    if (isGiven && this.signature !== "") then?.();
  }
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
