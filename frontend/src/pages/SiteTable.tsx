/** Results and series as a table that can be sorted; each leads to its viewer, its report and its sheets. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { number } from "../ui/words.ts";
import type { Site } from "./servedTypes.ts";

type Column = "title" | "area" | "places" | "dates" | "warnings";

const COLUMNS: { key: Column; name: string; numeric: boolean }[] = [
  { key: "title", name: "Site", numeric: false },
  { key: "area", name: "Changed", numeric: true },
  { key: "places", name: "Places", numeric: true },
  { key: "dates", name: "Dates", numeric: false },
  { key: "warnings", name: "Warnings", numeric: true },
];
const PAPERS: Record<string, string> = { "report.html": "Report", "sheets.html": "Sheets", "report.pdf": "Report (PDF)", "sheets.pdf": "Sheets (PDF)" };

/** Of a page: all of some thousand would make each step slow. */
const ROWS = 100;
const COLLATOR = new Intl.Collator("en", { numeric: true });

interface Shown {
  server: string;
  sites: Site[];
  chosen: string | null;
  choose: (id: string | null) => void;
}

export function SiteTable({ server, sites, chosen, choose }: Shown) {
  const [by, setBy] = useState<Column>("title");
  const [falling, setFalling] = useState(false);
  const [page, setPage] = useState(0);
  const body = useRef<HTMLTableSectionElement>(null);
  const sorted = useMemo(() => [...sites].sort((one, other) => compared(keyOf(one, by), keyOf(other, by)) * (falling ? -1 : 1)), [sites, by, falling]);
  useEffect(() => setPage(0), [sorted]);
  useEffect(() => { // it may have been chosen on the map
    const place = chosen === null ? -1 : sorted.findIndex(({ id }) => id === chosen);
    if (place >= 0) setPage(Math.floor(place / ROWS));
  }, [chosen]);
  useEffect(() => body.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [chosen, page]);
  const at = Math.min(page, Math.max(0, Math.ceil(sorted.length / ROWS) - 1)); // fewer may be left than there were
  const shown = sorted.slice(at * ROWS, (at + 1) * ROWS);
  const sort = (column: Column, numeric: boolean) => {
    setFalling(column === by ? !falling : numeric);
    setBy(column);
  };
  const turn = (to: number) => {
    setPage(to);
    body.current?.closest(".sites-list")?.scrollTo({ top: 0 });
  };
  return (
    <>
    <table class="site-table">
      <thead>
        <tr>
          {COLUMNS.map(({ key, name, numeric }) => (
            <th key={key} class={numeric ? "right" : ""} aria-sort={key === by ? (falling ? "descending" : "ascending") : "none"}>
              <button type="button" onClick={() => sort(key, numeric)}>
                {name}
                {key === by && <span aria-hidden="true">{falling ? " ↓" : " ↑"}</span>}
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {shown.map((site) => (
          <tr key={site.kind + site.id} aria-selected={site.id === chosen} onMouseEnter={() => choose(site.id)}>
            <td>
              <a class="site-link" href={`${server}${site.kind === "series" ? "series" : "results"}/${encodeURIComponent(site.id)}`} onFocus={() => choose(site.id)}>
                {site.title}
              </a>
              <span class="soft">{[site.group, site.images, site.detector].filter(Boolean).join(" · ")}</span>
              <span class="papers"><Papers server={server} site={site} /></span>
            </td>
            <td class="right">{area(site)}{reviewOf(site).map((words) => <span key={words} class="soft">{words}</span>)}</td>
            <td class="right">{site.places === null ? "" : site.places.toLocaleString("en")}</td>
            <td class="days">
              <span>{site.date_before}</span> <span>{site.date_after === null ? "" : `– ${site.date_after}`}</span> <span>{site.dates > 2 ? `(${site.dates} dates)` : ""}</span>
            </td>
            <td class={site.warnings > 0 ? "right warned" : "right"}>{site.warnings || ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <Pages page={at} of={sorted.length} turn={turn} />
    </>
  );
}

/** Links to its report and sheets. */
export function Papers({ server, site }: { server: string; site: Site }) {
  const address = `${server}api/${site.kind === "series" ? "series" : "results"}/${encodeURIComponent(site.id)}/files`;
  return (
    <>
      {site.papers.map((paper) => <a key={paper} href={`${address}/${paper}`} target="_blank" rel="noopener">{PAPERS[paper] ?? paper}</a>)}
    </>
  );
}

function Pages({ page, of, turn }: { page: number; of: number; turn: (to: number) => void }) {
  if (of <= ROWS) return null;
  const [first, last] = [page * ROWS + 1, Math.min((page + 1) * ROWS, of)];
  return (
    <nav class="site-pages" aria-label="Pages of the list">
      <button type="button" class="quiet" disabled={page === 0} onClick={() => turn(page - 1)}>Previous</button>
      <span role="status">{first.toLocaleString("en")} to {last.toLocaleString("en")} of {of.toLocaleString("en")}</span>
      <button type="button" class="quiet" disabled={last === of} onClick={() => turn(page + 1)}>Next</button>
    </nav>
  );
}

/** What changed, with its unit. */
export function area({ hectares, changed_pixels }: Site): string {
  if (hectares !== null) return `${number(hectares)} ha`;
  return changed_pixels === null ? "" : `${changed_pixels.toLocaleString("en")} px`;
}

/** What people accepted, and how many places they have judged; nothing where nobody did. */
export function reviewOf({ reviewed, places, accepted_hectares, accepted_pixels }: Site): string[] {
  if (!reviewed) return [];
  const accepted = accepted_hectares !== null ? `${number(accepted_hectares)} ha` : `${Math.round(accepted_pixels ?? 0).toLocaleString("en")} px`;
  return [`${accepted} accepted`, `${reviewed.toLocaleString("en")} of ${(places ?? reviewed).toLocaleString("en")} reviewed`];
}

/** From when to when; of a series how many dates, too. */
export function days({ date_before, date_after, dates }: Site): string {
  const period = [date_before, date_after].filter(Boolean).join(" – ");
  return dates > 2 ? `${period} (${dates} dates)` : period;
}

function keyOf(site: Site, column: Column): string | number {
  switch (column) {
    case "title":
      return `${site.title} ${site.group ?? ""}`;
    case "area":
      return site.hectares ?? (site.changed_pixels === null ? -2 : -1 / (1 + site.changed_pixels)); // pixels below hectares
    case "places":
      return site.places ?? -1;
    case "dates":
      return `${site.date_before ?? ""} ${site.date_after ?? ""}`;
    case "warnings":
      return site.warnings;
  }
}

function compared(one: string | number, other: string | number): number {
  return typeof one === "number" && typeof other === "number" ? one - other : COLLATOR.compare(String(one), String(other));
}
