/** The points of a sample, one after the other: both dates around a pixel, and what a person says of it. */

import { useEffect, useState } from "preact/hooks";
import { degrees } from "../map/ground.ts";
import { Header } from "../pages/Header.tsx";
import "../style/pages.css";
import type { PageFacts } from "../page.ts";
import { announcement } from "../ui/announce.ts";
import { Failure } from "../ui/Failure.tsx";
import { listenToKeys } from "../ui/keys.ts";
import type { Key } from "../ui/keys.ts";
import { Judging } from "./judging.ts";

export function SamplesPage({ page }: { page: PageFacts }) {
  const [judging, setJudging] = useState<Judging | null>(null);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    Judging.open(page).then(setJudging, (error: Error) => setFailure(error.message));
  }, [page]);
  if (failure) return <Failure message={failure} />;
  if (judging === null) return <p class="waiting" role="status">Opening {page.title}</p>;
  return (
    <>
      <div class="own"><Header page={page} /></div>
      <JudgingView judging={judging} />
    </>
  );
}

function JudgingView({ judging }: { judging: Judging }) {
  const { sample, at, judged, trouble } = judging;
  const count = sample.points.length;
  useEffect(() => judging.follow(), [judging]);
  useEffect(() => listenToKeys(() => keysOf(judging)), [judging]);
  useEffect(() => {
    const released = ({ key }: KeyboardEvent) => key === " " && (judging.blink.value = false);
    document.addEventListener("keyup", released);
    return () => document.removeEventListener("keyup", released);
  }, [judging]);
  return (
    <main class="samples">
      <header>
        <p class="eyebrow">Interpretation</p>
        <h1>What does the outlined pixel show?</h1>
        <p class="sources">{sample.question}</p>
      </header>
      <progress max={count} value={judged.value} aria-label="Points with an answer" />
      <p class="row samples-state">
        <span>Point {at.value + 1} of {count}{placeOf(judging)}</span>
        <span>{judged.value === count ? "All are judged" : `${judged.value} judged`}</span>
      </p>
      {trouble.value !== "" && <p class="trouble" role="alert">{trouble.value}</p>}
      <Pictures judging={judging} />
      <Answers judging={judging} />
      <Comment judging={judging} />
      <p class="says">
        Hold <kbd>space</kbd>, or the picture, to see the later date in the place of the earlier one. Answers are stored as they are given; then <code>minenetcd accuracy estimate</code> takes the folder as it is.
      </p>
      <p class="unseen" role="status">{announcement.value}</p>
    </main>
  );
}

function Pictures({ judging }: { judging: Judging }) {
  const shown = judging.blink.value ? "after" : "before";
  return (
    <div class="chips">
      <figure>
        <img
          src={judging.picture(shown)} alt={`The ${shown === "before" ? "earlier" : "later"} image around the point`}
          onPointerDown={() => (judging.blink.value = true)} onPointerUp={() => (judging.blink.value = false)} onPointerLeave={() => (judging.blink.value = false)}
        />
        <figcaption>{shown === "before" ? "Before" : "After"}</figcaption>
      </figure>
      <figure>
        <img src={judging.picture("after")} alt="The later image around the point" />
        <figcaption>After</figcaption>
      </figure>
      {(["before", "after"] as const).map((date) => <link key={date} rel="prefetch" as="image" href={judging.picture(date, judging.at.value + 1)} />)}
    </div>
  );
}

function Answers({ judging }: { judging: Judging }) {
  const [reference] = judging.of(judging.point.value.id);
  return (
    <>
      <div class="answers">
        {judging.sample.answers.map(({ code, name, key }) => (
          <button key={code} type="button" class="answer" aria-pressed={code === reference} aria-keyshortcuts={key || undefined} onClick={(event) => { event.currentTarget.blur(); judging.answer(code); }}>
            {name} {key !== "" && <kbd aria-hidden="true">{key}</kbd>}
          </button>
        ))}
      </div>
      <div class="moves">
        <button type="button" class="plain" onClick={() => judging.go(-1)}>Back <kbd>z</kbd></button>
        <button type="button" class="plain" onClick={() => judging.go(1)}>Next <kbd>→</kbd></button>
        <button type="button" class="plain" onClick={() => judging.goToOpen()}>Next without an answer <kbd>n</kbd></button>
        <button type="button" class="plain" onClick={() => judging.answer("")}>Take the answer back <kbd>x</kbd></button>
      </div>
    </>
  );
}

function Comment({ judging }: { judging: Judging }) {
  const { id } = judging.point.value;
  const leave = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === "Escape") (event.currentTarget as HTMLElement).blur();
  };
  return (
    <label class="comment">
      Comment
      <input key={id} type="text" maxLength={500} autocomplete="off" value={judging.of(id)[1]} onChange={(event) => judging.comment(event.currentTarget.value)} onKeyDown={leave} />
    </label>
  );
}

/** As the page has them that works offline (minenetcd/accuracy/sampling/interpret.js). */
function keysOf(judging: Judging): Key[] {
  return [
    ...judging.sample.answers.filter(({ key }) => key !== "").map(({ key, code }) => ({ key, run: () => judging.answer(code) })),
    { key: "ArrowLeft", run: () => judging.go(-1) },
    { key: "z", run: () => judging.go(-1) },
    { key: "ArrowRight", run: () => judging.go(1) },
    { key: "n", run: () => judging.goToOpen() },
    { key: "x", run: () => judging.answer("") },
    { key: " ", run: () => (judging.blink.value = true), on: "map" },
  ];
}

function placeOf({ point }: Judging): string {
  const { place } = point.value;
  return place === null ? "" : `, at ${degrees(place[1], "N", "S")}, ${degrees(place[0], "E", "W")}`;
}
