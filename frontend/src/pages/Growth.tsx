/** How the area that changed for good grew, date by date: columns in the colours of the dates, over time. */

import { number } from "../ui/words.ts";
import type { SeriesDate } from "./servedTypes.ts";

const WIDTH = 300;
const HEIGHT = 150;
const EDGE = { left: 6, right: 6, top: 18, bottom: 22 };

interface Shown {
  dates: SeriesDate[];
  unit: "ha" | "px";
  at: number;
  go: (place: number) => void;
}

export function Growth({ dates, unit, at, go }: Shown) {
  const total = (date: SeriesDate) => date.values[`cumulative_${unit}`] ?? null;
  const highest = Math.max(...dates.map((date) => total(date) ?? 0));
  if (!(highest > 0)) return null;
  const first = Date.parse(dates[0]!.date);
  const span = Date.parse(dates.at(-1)!.date) - first || 1;
  const wide = Math.min(26, ((WIDTH - EDGE.left - EDGE.right) / dates.length) * 0.7);
  const x = (date: SeriesDate) => EDGE.left + wide / 2 + ((Date.parse(date.date) - first) / span) * (WIDTH - EDGE.left - EDGE.right - wide);
  const high = (value: number) => (value / highest) * (HEIGHT - EDGE.top - EDGE.bottom);
  const floor = HEIGHT - EDGE.bottom;
  return (
    <figure class="growth">
      <figcaption>Changed for good until each date [{unit}]</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={dates.map((date) => `${date.date}: ${number(total(date) ?? 0)} ${unit}`).join(", ")}>
        <line x1={EDGE.left} x2={WIDTH - EDGE.right} y1={floor} y2={floor} class="growth-axis" />
        {dates.map((date, place) => (
          <g key={date.number} onClick={() => go(place)} class={place === at ? "growth-date growth-now" : "growth-date"}>
            <rect x={x(date) - wide / 2 - 2} y={0} width={wide + 4} height={HEIGHT} fill="transparent" />
            <Layers dates={dates.slice(0, place + 1)} unit={unit} left={x(date) - wide / 2} wide={wide} floor={floor} high={high} />
            <text x={x(date)} y={floor - high(total(date) ?? 0) - 4} text-anchor="middle">
              {place === 0 ? "" : number(total(date) ?? 0)}
            </text>
            <text x={x(date)} y={HEIGHT - 6} text-anchor="middle">
              {date.date.slice(0, 4)}
            </text>
          </g>
        ))}
      </svg>
    </figure>
  );
}

interface Column {
  dates: SeriesDate[];
  unit: "ha" | "px";
  left: number;
  wide: number;
  floor: number;
  high: (value: number) => number;
}

/** One column: what changed at each date until then, the earliest at its foot. */
function Layers({ dates, unit, left, wide, floor, high }: Column) {
  let foot = floor;
  return (
    <>
      {dates.map((date) => {
        const height = high(date.values[`new_${unit}`] ?? 0);
        foot -= height;
        return <rect key={date.number} x={left} y={foot} width={wide} height={height} style={{ fill: date.colour ?? "none" }} />;
      })}
    </>
  );
}
