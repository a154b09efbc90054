/** Many dates of one place: a slider through them, when pixels changed for good, and how the area grew. */

import { useEffect, useState } from "preact/hooks";
import { getJson } from "../data/http.ts";
import type { ChangeCollection } from "../data/types.ts";
import { serverOf } from "../page.ts";
import type { PageFacts } from "../page.ts";
import "../style/pages.css";
import { Failure } from "../ui/Failure.tsx";
import { number } from "../ui/words.ts";
import { Growth } from "./Growth.tsx";
import { Header } from "./Header.tsx";
import { SeriesMap } from "./SeriesMap.tsx";
import type { Series, SeriesDate } from "./servedTypes.ts";

/** A date is shown so long while they play. [ms] */
const STEP = 1200;

interface Opened {
  series: Series;
  polygons: ChangeCollection | null;
}

export function SeriesPage({ page }: { page: PageFacts }) {
  const server = serverOf(page);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [failure, setFailure] = useState("");
  const open = () => {
    const found = read(server, String(page["series"]));
    found.then((now) => setOpened((was) => (was !== null && hasSameImages(was.series, now.series) ? was : now)), (error: Error) => setFailure(error.message));
  };
  useEffect(open, [server]);
  if (failure) return <Failure message={failure} />;
  if (opened === null) return <div class="own"><p class="waiting">Reading the dates</p></div>;
  return <Shown page={page} server={server} onGone={open} onFailure={setFailure} {...opened} />;
}

async function read(server: string, id: string): Promise<Opened> {
  const series = await getJson<Series>(`${server}api/series/${encodeURIComponent(id)}`);
  const polygons = series.polygons === null ? null : await getJson<ChangeCollection>(server + series.polygons);
  return { series, polygons };
}

function hasSameImages(one: Series, other: Series): boolean {
  return one.warnings.join() === other.warnings.join() && Object.keys(one.layers).join() === Object.keys(other.layers).join();
}

function Shown({ page, server, series, polygons, onGone, onFailure }: Opened & { page: PageFacts; server: string; onGone: () => void; onFailure: (message: string) => void }) {
  const { dates } = series;
  const [at, setAt] = useState(dates.length - 1);
  const [outlines, setOutlines] = useState(true);
  const [when, setWhen] = useState(false);
  const [plays, setPlays] = useState(false);
  useEffect(() => {
    if (!plays) return;
    const timer = setInterval(() => setAt((place) => (place + 1) % dates.length), STEP);
    return () => clearInterval(timer);
  }, [plays, dates.length]);
  const date = dates[at]!;
  return (
    <div class="own series">
      <Header page={page} title={series.title} />
      <main>
        <SeriesMap server={server} series={series} polygons={polygons} at={at} outlines={outlines} when={when} outlineCasing={page.palette.outlineCasing} onGone={onGone} onFailure={onFailure} />
        <div class="date-slider">
          <button type="button" onClick={() => setPlays(!plays)} aria-pressed={plays}>
            {plays ? "Pause" : "Play"}
          </button>
          <label class="date-range">
            <span class="unseen">Date</span>
            <input
              type="range"
              min={0}
              max={dates.length - 1}
              value={at}
              aria-valuetext={date.date}
              onInput={(event) => {
                setPlays(false);
                setAt(Number(event.currentTarget.value));
              }}
            />
            <span class="ticks" aria-hidden="true">
              {dates.map(({ date: day, number: place }) => (
                <span key={place}>{day}</span>
              ))}
            </span>
          </label>
          <output class="date-shown">{date.date}</output>
          <label class="check">
            <input type="checkbox" checked={outlines} onChange={(event) => setOutlines(event.currentTarget.checked)} disabled={polygons === null} />
            Changed until then
          </label>
          <label class="check">
            <input type="checkbox" checked={when} onChange={(event) => setWhen(event.currentTarget.checked)} disabled={series.layers["when"] === undefined} />
            When it changed
          </label>
        </div>
      </main>
      <aside class="series-facts">
        <Facts server={server} series={series} date={date} />
        <Growth dates={dates} unit={series.unit} at={at} go={setAt} />
        {series.warnings.map((warning) => (
          <p key={warning} class="warning">
            {warning}
          </p>
        ))}
        {series.report !== null && (
          <p>
            <a href={server + series.report} target="_blank" rel="noopener">
              Report of the series
            </a>
          </p>
        )}
      </aside>
    </div>
  );
}

function Facts({ server, series, date }: { server: string; series: Series; date: SeriesDate }) {
  const value = (name: string) => {
    const found = date.values[`${name}_${series.unit}`];
    return found === null || found === undefined ? null : `${series.unit === "ha" ? number(found) : found.toLocaleString("en")} ${series.unit}`;
  };
  const rows: [string, string | null, string | undefined][] = [
    ["Changed for good at this date", value("new"), undefined],
    ["Changed for good until then", value("cumulative"), undefined],
    ["Against the date before", value("since_previous"), date.results.previous],
    ["Against the first date", value("since_first"), date.results.first],
  ];
  return (
    <>
      <h2>
        {date.colour !== null && <span class="swatch" style={{ background: date.colour }} />}
        {date.date}
      </h2>
      <p class="soft">{date.layer === null ? `${date.source}: its image is not here.` : date.source}</p>
      <dl>
        {rows.map(
          ([name, text, result]) =>
            text !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  {text}
                  {result !== undefined && (
                    <>
                      {" "}
                      <a href={`${server}results/${encodeURIComponent(result)}`}>Compare</a>
                    </>
                  )}
                </dd>
              </div>
            ),
        )}
      </dl>
    </>
  );
}
