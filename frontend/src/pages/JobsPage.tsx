/** Two images in, a map of what changed out: uploads, what waits and runs, and what was done before. */

import { useEffect, useState } from "preact/hooks";
import { getJson } from "../data/http.ts";
import { poll } from "../data/polling.ts";
import { serverOf } from "../page.ts";
import type { PageFacts } from "../page.ts";
import "../style/pages.css";
import { Failure } from "../ui/Failure.tsx";
import { Header } from "./Header.tsx";
import { JobList } from "./JobList.tsx";
import { NewJob } from "./NewJob.tsx";
import type { Job, Jobs, Limits } from "./servedTypes.ts";

/** How often the server is asked, while something is going on and else. [ms] */
const BUSY = 1000;
const IDLE = 4000;

export function JobsPage({ page }: { page: PageFacts }) {
  const server = serverOf(page);
  const [limits, setLimits] = useState<Limits | null>(null);
  const [jobs, setJobs] = useState<Job[]>([]);
  const [failure, setFailure] = useState("");
  const [lost, setLost] = useState("");
  const look = async () => {
    try {
      setJobs((await getJson<Jobs>(`${server}api/jobs`)).jobs);
      setLost("");
    } catch (error) {
      setLost(`The server does not answer (${(error as Error).message}): what was asked for goes on when it does.`);
    }
  };
  useEffect(() => {
    getJson<Limits>(`${server}api/limits`).then(setLimits, (error: Error) => setFailure(error.message));
  }, [server]);
  const isBusy = jobs.some(({ state }) => state === "queued" || state === "running");
  useEffect(() => {
    if (!limits?.open) return;
    void look();
    return poll(look, isBusy ? BUSY : IDLE);
  }, [limits, isBusy]);
  if (failure) return <Failure message={failure} />;
  if (limits === null) return <div class="own"><p class="waiting">Asking the server</p></div>;
  return (
    <div class="own jobs">
      <Header page={page} />
      <main>
        <h1>Compare two images of one place</h1>
        {limits.open ? (
          <>
            <NewJob server={server} limits={limits} asked={() => void look()} />
            <p class="problem" role="alert">
              {lost}
            </p>
            <JobList server={server} jobs={jobs} changed={() => void look()} />
          </>
        ) : (
          <p>
            No images come in here: start the server with a folder for them, <code>minenetcd serve --uploads DIR</code>.
          </p>
        )}
      </main>
    </div>
  );
}
