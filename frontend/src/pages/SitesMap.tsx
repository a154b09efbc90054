/** Where sites lie, each a dot as large as what changed there. */

import maplibregl from "maplibre-gl";
import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Bounds } from "../data/types.ts";
import { area, days } from "./SiteTable.tsx";
import type { Site } from "./servedTypes.ts";

interface Shown {
  server: string;
  sites: Site[];
  chosen: string | null;
  choose: (id: string | null) => void;
}

const SITES = "sites";
const WORLD: Bounds = [-170, -56, 178, 75];

export function SitesMap({ server, sites, chosen, choose }: Shown) {
  const place = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibreMap | null>(null);
  const now = useRef(sites);
  now.current = sites;
  useEffect(() => {
    const opened = worldMap(place.current!, server, around(sites));
    opened.on("style.load", () => { // the world may come later
      addSites(opened);
      setMap(opened);
    });
    opened.on("click", SITES, (event) => {
      const id = event.features?.[0]?.properties["id"] as string | undefined;
      const site = id === undefined ? undefined : now.current.find((each) => each.id === id);
      if (site !== undefined) location.assign(`${server}${site.kind === "series" ? "series" : "results"}/${encodeURIComponent(site.id)}`);
    });
    opened.on("mousemove", SITES, (event) => {
      opened.getCanvas().style.cursor = "pointer";
      choose((event.features?.[0]?.properties["id"] as string | undefined) ?? null);
    });
    opened.on("mouseleave", SITES, () => (opened.getCanvas().style.cursor = ""));
    return () => opened.remove();
  }, [server]);
  useEffect(() => void map?.getSource<GeoJSONSource>(SITES)?.setData(asPoints(sites)), [map, sites]);
  useEffect(() => {
    map?.setPaintProperty(SITES, "circle-stroke-width", ["case", ["==", ["get", "id"], chosen ?? ""], 3.5, 1.2]);
    map?.setPaintProperty(SITES, "circle-opacity", ["case", ["==", ["get", "id"], chosen ?? ""], 1, 0.75]);
  }, [map, chosen]);
  const site = sites.find((each) => each.id === chosen);
  return (
    <div class="sites-map" role="region" aria-label="Map of the sites">
      <div ref={place} class="map" />
      {site !== undefined && (
        <p class="site-card">
          <strong>{site.title}</strong> {area(site)}
          <span class="soft">{days(site)}</span>
        </p>
      )}
    </div>
  );
}

function worldMap(container: HTMLElement, server: string, bounds: Bounds): MapLibreMap {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const map = new maplibregl.Map({
    container,
    style: {
      version: 8,
      sources: { world: { type: "geojson", data: `${server}api/world`, maxzoom: 6 } },
      layers: [
        { id: "sea", type: "background", paint: { "background-color": colour("--sea") } },
        { id: "land", type: "fill", source: "world", paint: { "fill-color": colour("--land"), "fill-antialias": true } },
        { id: "borders", type: "line", source: "world", paint: { "line-color": colour("--border"), "line-width": 0.7 } },
      ],
    },
    bounds,
    fitBoundsOptions: { padding: 48, maxZoom: 8, duration: 0 },
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false,
    fadeDuration: 0,
    locale: { "Map.Title": "Where the sites lie" },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  return map;
}

function addSites(map: MapLibreMap): void {
  map.addSource(SITES, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({
    id: SITES,
    type: "circle",
    source: SITES,
    layout: { "circle-sort-key": ["-", 0, ["get", "hectares"]] }, // small ones above large ones
    paint: {
      "circle-color": "#b3122b",
      "circle-opacity": 0.75,
      "circle-stroke-color": "#ffffff",
      "circle-stroke-width": 1.2,
      "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "hectares"]], 0, 5, 3, 8, 30, 18, 100, 26],
    },
  });
}

function asPoints(sites: Site[]): GeoJSON.FeatureCollection {
  const features = sites.map((site): GeoJSON.Feature => {
    return { type: "Feature", properties: { id: site.id, hectares: site.hectares ?? 0 }, geometry: { type: "Point", coordinates: site.place! } };
  });
  return { type: "FeatureCollection", features };
}

/** All sites, or the world where there are none. */
function around(sites: Site[]): Bounds {
  if (sites.length === 0) return WORLD;
  const longitudes = sites.map(({ place }) => place![0]);
  const latitudes = sites.map(({ place }) => place![1]);
  return [Math.min(...longitudes) - 2, Math.max(-85, Math.min(...latitudes) - 2), Math.max(...longitudes) + 2, Math.min(85, Math.max(...latitudes) + 2)];
}
