/** Asking again and again what the server has, as all pages do it. */

/** Asks every so often [ms], an answer or a failure after the last one; not while nobody sees the page, and at once when somebody does. Returns what ends that. */
export function poll(ask: () => Promise<unknown>, every: number): () => void {
  let timer: number | undefined;
  let asking = false;
  let ended = false;
  const again = async () => {
    clearTimeout(timer);
    if (asking || ended || document.hidden) return;
    asking = true;
    await ask().catch(() => undefined); // who asks says what went wrong
    asking = false;
    if (!ended) timer = window.setTimeout(again, every);
  };
  const seen = () => void again();
  document.addEventListener("visibilitychange", seen);
  timer = window.setTimeout(again, every);
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
