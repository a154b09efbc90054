/** Jobs that wait, run and have ended. */

import { useState } from "preact/hooks";
import { send } from "../data/http.ts";
import { counted } from "../ui/words.ts";
import type { Job, JobState, Site } from "./servedTypes.ts";
import { area, Papers, reviewOf } from "./SiteTable.tsx";

const STATES: Record<JobState, string> = { queued: "Waits", running: "Runs", done: "Done", failed: "Failed", cancelled: "Cancelled" };

export function JobList({ server, jobs, changed }: { server: string; jobs: Job[]; changed: () => void }) {
  const [problem, setProblem] = useState("");
  const act = async (address: string, method: "POST" | "DELETE") => {
    setProblem("");
    try {
      await send(`${server}${address}`, method);
    } catch (error) {
      setProblem((error as Error).message);
    }
    changed();
  };
  return (
    <section aria-label="Jobs">
      <h2>Jobs</h2>
      <p class="problem" role="alert">
        {problem}
      </p>
      {jobs.length === 0 && <p class="soft">None yet.</p>}
      <ul class="job-list">
        {jobs.map((job) => (
          <li key={job.id} class={`job job-${job.state}`}>
            <div class="job-words">
              {job.result === null ? <strong>{job.title}</strong> : <a href={`${server}results/${encodeURIComponent(job.result)}`}>{job.title}</a>}
              <span class="soft">
                <span class="job-state">{STATES[job.state]}</span> · {when(job)}
              </span>
              {job.site !== null && <Outcome server={server} site={job.site} />}
              {job.state === "running" && <Progress job={job} />}
              {job.note !== null && job.state !== "done" && <span class="soft">{job.note}</span>}
              {job.error !== null && <span class="problem">{job.error}</span>}
            </div>
            {job.state === "queued" || job.state === "running" ? (
              <button type="button" class="quiet" onClick={() => void act(`api/jobs/${job.id}/cancel`, "POST")}>
                Cancel
              </button>
            ) : (
              <button type="button" class="quiet" onClick={() => void act(`api/jobs/${job.id}`, "DELETE")} aria-label={`Remove ${job.title} and its result`}>
                Remove
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a job has found, and where it is told. */
function Outcome({ server, site }: { server: string; site: Site }) {
  const address = `${server}results/${encodeURIComponent(site.id)}`;
  const words = [`${area(site)} changed`, ...reviewOf(site), site.detector, site.warnings > 0 ? counted(site.warnings, "warning") : null];
  return (
    <span>
      {words.filter(Boolean).join(" · ")}
      <span class="papers">
        <a href={address}>Viewer</a>
        <Papers server={server} site={site} />
      </span>
    </span>
  );
}

function Progress({ job }: { job: Job }) {
  const known = job.total > 0 && job.phase !== "preparing";
  return (
    <span class="job-progress">
      <progress max={known ? job.total : undefined} value={known ? job.done : undefined} aria-label={`Progress of ${job.title}`} />
      <span class="soft">{known ? `${job.phase}, ${job.done} of ${job.total}` : "preparing"}</span>
    </span>
  );
}

function when({ created, ended }: Job): string {
  const moment = new Date(ended ?? created);
  return moment.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
