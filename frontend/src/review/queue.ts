/** What is judged next: the server's order, with what was skipped at its end. */

export class Queue {
  private ids: number[] = [];
  private readonly skipped: number[] = [];

  /** As the server has it now. */
  set(ids: readonly number[]): void {
    const last = this.skipped.filter((id) => ids.includes(id));
    this.skipped.splice(0, this.skipped.length, ...last);
    this.ids = [...ids.filter((id) => !last.includes(id)), ...last];
  }

  judged(id: number): void {
    this.ids = this.ids.filter((each) => each !== id);
  }

  skip(id: number): void {
    if (!this.ids.includes(id)) return;
    this.skipped.splice(0, this.skipped.length, ...this.skipped.filter((each) => each !== id), id);
    this.followed = this.ids[this.ids.indexOf(id) + 1] ?? this.ids[0] ?? null;
    this.ids = [...this.ids.filter((each) => each !== id), id];
  }

  /** The one after `here`, from the beginning where `here` is not in it or the last; null: there is none. */
  after(here: number | null, skipped: boolean): number | null {
    if (skipped && this.followed !== null) return this.followed;
    const place = here === null ? -1 : this.ids.indexOf(here);
    return this.ids[(place + 1) % Math.max(1, this.ids.length)] ?? null;
  }

  private followed: number | null = null;
}
