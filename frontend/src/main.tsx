/** Every page of the package: what the page says it is decides what is shown. */

import "./style/page.css";
import { render } from "preact";
import type { JSX } from "preact";
import { LabelPage } from "./label/LabelPage.tsx";
import { pageFacts } from "./page.ts";
import type { PageFacts, PageKind } from "./page.ts";
import { EnterPage } from "./pages/EnterPage.tsx";
import { JobsPage } from "./pages/JobsPage.tsx";
import { SeriesPage } from "./pages/SeriesPage.tsx";
import { SitesPage } from "./pages/SitesPage.tsx";
import { ResultPage } from "./result/ResultPage.tsx";
import { SamplesPage } from "./samples/SamplesPage.tsx";
import { Failure } from "./ui/Failure.tsx";

const PAGES: Partial<Record<PageKind, (facts: { page: PageFacts }) => JSX.Element>> = {
  result: ResultPage,
  sites: SitesPage,
  series: SeriesPage,
  jobs: JobsPage,
  samples: SamplesPage,
  label: LabelPage,
  enter: EnterPage,
};

const root = document.getElementById("root")!;
const page = pageFacts();
const Shown = PAGES[page.page];
render(Shown ? <Shown page={page} /> : <Failure message={`This version knows no page "${page.page}".`} />, root);
