/** A bar of a round length, as the map is at its middle. */

import { useEffect, useState } from "preact/hooks";
import type { Map as MapLibreMap } from "maplibre-gl";
import type { Ground } from "../map/ground.ts";

const LONGEST = 120; // [px]

export function ScaleBar({ map, ground }: { map: MapLibreMap; ground: Ground }) {
  const [, again] = useState(0);
  useEffect(() => {
    const moved = () => again((count) => count + 1);
    const heard = (["zoom", "moveend", "resize"] as const).map((event) => map.on(event, moved));
    return () => heard.forEach((subscription) => subscription.unsubscribe());
  }, [map]);
  const { size, unit } = ground.resolution(map.getCenter().toArray(), map.getZoom());
  const length = roundBelow(size * LONGEST);
  const text = unit === "m" && length >= 1000 ? `${length / 1000} km` : `${length.toLocaleString("en")} ${unit}`;
  return <div class="scale" style={{ width: `${length / size}px` }} aria-label={`Scale: the bar is ${text} long`} role="img">{text}</div>;
}

/** 1, 2 or 5 times a power of ten. */
export function roundBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const first = value / power;
  return (first >= 5 ? 5 : first >= 2 ? 2 : 1) * power;
}
