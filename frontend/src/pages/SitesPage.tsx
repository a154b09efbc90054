/** All results and series of a server: a list, and where on Earth they lie. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { getJson } from "../data/http.ts";
import { serverOf } from "../page.ts";
import type { PageFacts } from "../page.ts";
import "../style/pages.css";
import { Failure } from "../ui/Failure.tsx";
import { counted } from "../ui/words.ts";
import { Header } from "./Header.tsx";
import { SitesMap } from "./SitesMap.tsx";
import { SiteTable } from "./SiteTable.tsx";
import type { FailedPair, Sites } from "./servedTypes.ts";

export function SitesPage({ page }: { page: PageFacts }) {
  const server = serverOf(page);
  const [sites, setSites] = useState<Sites | null>(null);
  const [failure, setFailure] = useState("");
  const [wanted, setWanted] = useState("");
  const [pairs, setPairs] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  useEffect(() => {
    getJson<Sites>(`${server}api/sites`).then(setSites, (error: Error) => setFailure(error.message));
  }, [server]);
  const shown = useMemo(() => {
    const text = wanted.trim().toLowerCase();
    const listed = (sites?.sites ?? []).filter((site) => pairs || !site.of_series);
    return listed.filter((site) => `${site.group ?? ""} ${site.title} ${site.images ?? ""}`.toLowerCase().includes(text));
  }, [sites, wanted, pairs]);
  if (failure) return <Failure message={failure} />;
  if (sites === null) return <div class="own"><p class="waiting">Reading results</p></div>;
  const placed = shown.filter((site) => site.place !== null);
  const hasMap = sites.sites.some((site) => site.place !== null);
  return (
    <div class={hasMap ? "own sites" : "own sites sites-plain"}>
      <Header page={page} />
      {hasMap && <SitesMap server={server} sites={placed} chosen={chosen} choose={setChosen} />}
      <main class="sites-list">
        <div class="sites-bar">
          <h1>{counted(shown.length, "site")}</h1>
          <label class="sites-filter">
            <span class="unseen">Show those whose name holds</span>
            <input type="search" placeholder="Filter by name" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
          </label>
        </div>
        {sites.sites.some((site) => site.of_series) && (
          <label class="check soft">
            <input type="checkbox" checked={pairs} onChange={(event) => setPairs(event.currentTarget.checked)} />
            Show each pair of dates of a series
          </label>
        )}
        {sites.sites.length > 0 && <SiteTable server={server} sites={shown} chosen={chosen} choose={setChosen} />}
        {sites.samples.length > 0 && (
          <section class="sample-list" aria-label="Samples">
            <h2>Samples to judge</h2>
            <ul>
              {sites.samples.map(({ id, title }) => <li key={id}><a href={`${server}samples/${encodeURIComponent(id)}`}>{title}</a></li>)}
            </ul>
          </section>
        )}
        {sites.sites.length === 0 && sites.samples.length === 0 && (
          <p>
            Nothing is here yet.{page.jobs && <> <a href={`${server}jobs`}>Compare two images</a>.</>}
          </p>
        )}
        {sites.warnings.map((warning) => <p key={warning} class="warning">{warning}</p>)}
        <Left title="pair without a result" pairs={sites.failed} />
        <Left title="folder that cannot be shown" pairs={sites.unreadable} />
      </main>
    </div>
  );
}

function Left({ title, pairs }: { title: string; pairs: FailedPair[] }) {
  if (pairs.length === 0) return null;
  const [first, ...rest] = title.split(" ");
  return (
    <details class="left">
      <summary>{counted(pairs.length, title, `${first}s ${rest.join(" ")}`)}</summary>
      <ul>
        {pairs.map(({ id, group, error }) => (
          <li key={`${group}/${id}`}>
            <strong>{id}</strong>
            {group && ` (${group})`}: {error}
          </li>
        ))}
      </ul>
    </details>
  );
}
