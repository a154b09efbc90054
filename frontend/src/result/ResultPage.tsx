/** One result: both dates, probability and polygons on a map, with all that is known of them. */

import { useEffect, useState } from "preact/hooks";
import { openResult } from "../data/source.ts";
import type { ResultData } from "../data/source.ts";
import type { PageFacts } from "../page.ts";
import { Review } from "../review/review.ts";
import { Failure } from "../ui/Failure.tsx";
import { Changes } from "./changes.ts";
import { ResultView } from "./ResultView.tsx";
import { ResultState } from "./state.ts";

interface Opened {
  data: ResultData;
  state: ResultState;
  review: Review | null;
}

export function ResultPage({ page }: { page: PageFacts }) {
  const [opened, setOpened] = useState<Opened | null>(null);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    open(page).then(setOpened, (error: Error) => setFailure(error.message));
  }, [page]);
  if (failure) return <Failure message={failure} />;
  if (opened === null) return <p class="waiting" role="status">Opening {page.title}</p>;
  return <ResultView {...opened} page={page} onFailure={setFailure} />;
}

async function open(page: PageFacts): Promise<Opened> {
  const data = await openResult(page);
  const changes = new Changes(await data.polygons());
  const state = new ResultState(data.description, changes);
  return { data, state, review: data.description.reviewable && page.data === "served" ? new Review(page, state) : null };
}
