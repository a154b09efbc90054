/** The head of the pages of a server: where one is, and where one may go. */

import type { PageFacts } from "../page.ts";

interface Place {
  page: string;
  address: string;
  name: string;
}

const PLACES: Place[] = [
  { page: "sites", address: "sites", name: "Sites" },
  { page: "jobs", address: "jobs", name: "Compare images" },
  { page: "docs", address: "docs", name: "API" },
];

export function Header({ page, title }: { page: PageFacts; title?: string }) {
  return (
    <header class="head">
      <strong class="head-name">minenetcd</strong>
      <nav aria-label="Pages">
        {PLACES.filter(({ page: kind }) => kind !== "jobs" || page.jobs).map(({ page: kind, address, name }) => (
          <a key={kind} href={`${page.root}${address}`} aria-current={kind === page.page ? "page" : undefined}>
            {name}
          </a>
        ))}
        {page.samples?.map((id) => (
          <a key={id} href={`${page.root}samples/${encodeURIComponent(id)}`} aria-current={page["sample"] === id ? "page" : undefined}>
            {page.samples!.length === 1 ? "Sample" : `Sample ${id}`}
          </a>
        ))}
      </nav>
      {title !== undefined && <h1 class="head-title">{title}</h1>}
    </header>
  );
}
