/** Where sites lie, each a dot as large as what changed there. */

import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Bounds } from "../data/types.ts";
import { openMap } from "../map/view.ts";
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
/** Countries are drawn in little detail. */
const MOST_ZOOM = 12;
const FIT = { padding: 48, maxZoom: 8, duration: 0 } as const;

export function SitesMap({ server, sites, chosen, choose }: Shown) {
  const place = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibreMap | null>(null);
  const [failure, setFailure] = useState("");
  const now = useRef(sites);
  now.current = sites;
  useEffect(() => {
    let opened: MapLibreMap | null = null;
    let left = false;
    const begin = (made: MapLibreMap) => {
      if (left) return made.remove();
      opened = made;
      addWorld(made, server);
      addSites(made);
      listen(made);
      setMap(made);
    };
    openMap(place.current!, { bounds: around(sites), maxzoom: MOST_ZOOM, label: "Where the sites lie", confined: false, fit: FIT }).then(begin, (error: Error) => setFailure(error.message));
    return () => {
      left = true;
      opened?.remove();
    };
  }, [server]);
  const listen = (made: MapLibreMap) => {
    made.on("click", SITES, (event) => {
      const id = event.features?.[0]?.properties["id"] as string | undefined;
      const site = id === undefined ? undefined : now.current.find((each) => each.id === id);
      if (site !== undefined) location.assign(`${server}${site.kind === "series" ? "series" : "results"}/${encodeURIComponent(site.id)}`);
    });
    made.on("mousemove", SITES, (event) => {
      made.getCanvas().style.cursor = "pointer";
      choose((event.features?.[0]?.properties["id"] as string | undefined) ?? null);
    });
    made.on("mouseleave", SITES, () => (made.getCanvas().style.cursor = ""));
  };
  useEffect(() => void map?.getSource<GeoJSONSource>(SITES)?.setData(asPoints(sites)), [map, sites]);
  useEffect(() => {
    map?.setPaintProperty(SITES, "circle-stroke-width", ["case", ["==", ["get", "id"], chosen ?? ""], 3.5, 1.2]);
    map?.setPaintProperty(SITES, "circle-opacity", ["case", ["==", ["get", "id"], chosen ?? ""], 1, 0.75]);
  }, [map, chosen]);
  const site = sites.find((each) => each.id === chosen);
  return (
    <div class="sites-map" role="region" aria-label="Map of the sites">
      <div ref={place} class="map" />
      {failure !== "" && <p class="map-failure" role="alert">{failure}</p>}
      {site !== undefined && (
        <p class="site-card">
          <strong>{site.title}</strong> {area(site)}
          <span class="soft">{days(site)}</span>
        </p>
      )}
    </div>
  );
}

function addWorld(map: MapLibreMap, server: string): void {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  map.addSource("world", { type: "geojson", data: `${server}api/world`, maxzoom: 6 });
  map.addLayer({ id: "sea", type: "background", paint: { "background-color": colour("--sea") } });
  map.addLayer({ id: "land", type: "fill", source: "world", paint: { "fill-color": colour("--land"), "fill-antialias": true } });
  map.addLayer({ id: "borders", type: "line", source: "world", paint: { "line-color": colour("--border"), "line-width": 0.7 } });
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
