/** Results and series as a table that can be sorted; each leads to its viewer, its report and its sheets. */

import { useEffect, useRef, useState } from "preact/hooks";
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

interface Shown {
  server: string;
  sites: Site[];
  chosen: string | null;
  choose: (id: string | null) => void;
}

export function SiteTable({ server, sites, chosen, choose }: Shown) {
  const [by, setBy] = useState<Column>("title");
  const [falling, setFalling] = useState(false);
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => body.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [chosen]);
  const sorted = [...sites].sort((one, other) => compared(keyOf(one, by), keyOf(other, by)) * (falling ? -1 : 1));
  const sort = (column: Column, numeric: boolean) => {
    setFalling(column === by ? !falling : numeric);
    setBy(column);
  };
  return (
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
        {sorted.map((site) => (
          <tr key={site.kind + site.id} aria-selected={site.id === chosen} onMouseEnter={() => choose(site.id)}>
            <td>
              <a class="site-link" href={`${server}${site.kind === "series" ? "series" : "results"}/${encodeURIComponent(site.id)}`} onFocus={() => choose(site.id)}>
                {site.title}
              </a>
              <span class="soft">{[site.group, site.detector].filter(Boolean).join(" · ")}</span>
              <span class="papers">
                {site.papers.map((paper) => (
                  <a key={paper} href={`${server}api/${site.kind === "series" ? "series" : "results"}/${encodeURIComponent(site.id)}/files/${paper}`} target="_blank" rel="noopener">
                    {PAPERS[paper] ?? paper}
                  </a>
                ))}
              </span>
            </td>
            <td class="right">{area(site)}</td>
            <td class="right">{site.places === null ? "" : site.places.toLocaleString("en")}</td>
            <td class="days">
              <span>{site.date_before}</span> <span>{site.date_after === null ? "" : `– ${site.date_after}`}</span> <span>{site.dates > 2 ? `(${site.dates} dates)` : ""}</span>
            </td>
            <td class={site.warnings > 0 ? "right warned" : "right"}>{site.warnings || ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What changed, with its unit. */
export function area({ hectares, changed_pixels }: Site): string {
  if (hectares !== null) return `${number(hectares)} ha`;
  return changed_pixels === null ? "" : `${changed_pixels.toLocaleString("en")} px`;
}

/** From when to when; of a series how many dates, too. */
export function days({ date_before, date_after, dates }: Site): string {
  const period = [date_before, date_after].filter(Boolean).join(" – ");
  return dates > 2 ? `${period} (${dates} dates)` : period;
}

function keyOf(site: Site, column: Column): string | number {
  switch (column) {
    case "title":
      return `${site.kind === "series" ? 0 : 1} ${site.group ?? ""} ${site.title}`;
    case "area":
      return site.hectares ?? -1;
    case "places":
      return site.places ?? -1;
    case "dates":
      return site.date_after ?? "";
    case "warnings":
      return site.warnings;
  }
}

function compared(one: string | number, other: string | number): number {
  return typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other), "en", { numeric: true });
}
