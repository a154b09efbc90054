/** One result: both dates, probability and polygons on a map, with all that is known of them. */

import { useEffect, useRef, useState } from "preact/hooks";
import { openResult } from "../data/source.ts";
import { ChangePolygons } from "../map/changes.ts";
import { DateImages } from "../map/images.ts";
import { openMap } from "../map/view.ts";
import type { PageFacts } from "../page.ts";
import { Failure } from "../ui/Failure.tsx";

export function ResultPage({ page }: { page: PageFacts }) {
  const place = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    void draw(page, place.current!).catch((error: Error) => setFailure(error.message));
  }, [page]);
  if (failure) return <Failure message={failure} />;
  return <div ref={place} class="map" />;
}

async function draw(page: PageFacts, container: HTMLElement): Promise<void> {
  const data = await openResult(page);
  const { description } = data;
  const map = await openMap(container, { bounds: description.bounds, maxzoom: description.layers.after.maxzoom, label: description.title });
  new DateImages(map, data).swipe(0.5);
  new ChangePolygons(map, await data.polygons(), page.palette);
}
