/** Keys of a page: one letter each, never while a text is written; arrows only where no control has them. */

export interface Key {
  /** As `KeyboardEvent.key` has it. */
  key: string;
  /** As the list of keys says it; without it the key is not listed. */
  what?: string;
  /** Heard only where a map has the focus, or nothing has: Enter belongs to buttons. */
  on?: "map";
  run: () => void;
}

/** Listens until the answer is called. */
export function listenToKeys(keys: () => readonly Key[]): () => void {
  const heard = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    const found = keys().find(({ key }) => key === event.key);
    if (found === undefined) return;
    if (found.key.startsWith("Arrow") && event.target !== document.body) return;
    if (found.on === "map" && !(event.target === document.body || event.target instanceof HTMLCanvasElement)) return;
    event.preventDefault();
    found.run();
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "range", "button"].includes(target.type);
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
