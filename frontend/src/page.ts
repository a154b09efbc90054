/** What the page says it is: the JSON in `<script type="application/json" id="page">`. */

export type PageKind = "result" | "sites" | "series" | "label" | "samples" | "jobs" | "enter";

/** Colours as the package has them (minenetcd/display/palettes.py), as #rrggbb. */
export interface Palette {
  before: string;
  after: string;
  changed: string;
  outline: string;
  outlineCasing: string;
  probability: string[];
}

export interface PageFacts {
  page: PageKind;
  data: "embedded" | "served";
  title: string;
  /** Before paths such as "api/results": "" or "../". */
  root: string;
  version: string;
  palette: Palette;
  /** Of page "result", served: the id of the result. */
  result?: string;
  /** Of pages with a head: whether images can be brought and compared. */
  jobs?: boolean;
  /** Of pages with a head: ids of the samples that are served. */
  samples?: string[];
  /** What other kinds of pages say of themselves. */
  [more: string]: unknown;
}

/** The JSON of the element with that id, which is taken off the page to free its memory; null where there is none. */
export function embedded<T>(id: string): T | null {
  const element = document.getElementById(id);
  if (element === null) return null;
  element.remove();
  return JSON.parse(element.textContent ?? "null") as T;
}

/** The address of the server that sent the page, with a slash at its end. */
export function serverOf(page: PageFacts): string {
  return new URL(page.root || "./", document.baseURI).href;
}

export function pageFacts(): PageFacts {
  const facts = embedded<PageFacts>("page");
  if (facts === null) throw new Error("This page does not say what it is.");
  return facts;
}
