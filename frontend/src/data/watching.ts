/** What becomes of the images of a result while it is looked at: large ones are read, some are moved or changed. */

import type { Map as MapLibreMap } from "maplibre-gl";
import type { ResultData } from "./source.ts";
import type { Description } from "./types.ts";

/** While images are read, it is asked so often whether they still are. [ms] */
const AGAIN = 2000;
const BEING_READ = "Large images are being read. Until then they are shown as small as in the report.";

/** Tells `say` in words what is to be known of the images that `map` shows, "" for nothing. Returns what ends that. */
export function watchImages(map: MapLibreMap, data: ResultData, say: (words: string) => void): () => void {
  if (data.again === undefined) return () => undefined;
  const ask = data.again.bind(data);
  let timer: number | undefined;
  let asking = false;
  let ended = false;
  const look = (description: Description) => {
    if (ended) return;
    say(wordsFor(data.description, description));
    clearTimeout(timer);
    if (description.being_read) timer = window.setTimeout(again, AGAIN);
  };
  const again = async () => {
    if (asking) return;
    asking = true;
    await ask().then(look, (error: Error) => say(error.message));
    asking = false;
  };
  map.on("error", again); // a tile that cannot be had
  look(data.description);
  return () => {
    ended = true;
    clearTimeout(timer);
    map.off("error", again);
  };
}

function wordsFor(first: Description, now: Description): string {
  const fresh = now.warnings.filter((warning) => !first.warnings.includes(warning));
  if (fresh.length > 0) return fresh.join(" ");
  return now.being_read ? BEING_READ : "";
}
