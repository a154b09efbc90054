/** Who judges: asked for with the first verdict, and kept by the browser. */

import { signal } from "@preact/signals";

const NAME = "minenetcd reviewer";

export class Reviewer {
  readonly name = signal(kept(NAME));
  /** Grows where a name is needed first: the field of it takes the focus. */
  readonly nameWanted = signal(0);
  /** While it is written. */
  readonly naming = signal(false);

  /** The name as verdicts have it; "" where none was written yet. */
  get signature(): string {
    return this.name.value.trim();
  }

  setName(name: string): void {
    this.name.value = name;
    keep(NAME, name.trim());
  }

  rename(): void {
    this.naming.value = true;
    this.ask();
  }

  ask(): void {
    this.nameWanted.value += 1;
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
