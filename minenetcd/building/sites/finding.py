"""Mining sites found in a layer of mining polygons: what lies close together is one site.

Layout of the polygons: Maus et al., "An update on global mining land use", Scientific Data 9, 2022 (GeoPackage, WGS 84,
columns ISO3_CODE, COUNTRY_NAME, AREA). How sites were located for the benchmark: paper, figure 3.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from minenetcd.constants import DEGREES, HECTARES_PER_KM2
from minenetcd.display.escaping import csv_text
from minenetcd.errors import DataError, OptionError, one_line
from minenetcd.files import write_text
from minenetcd.geo.polygons.hectares import geodesic_hectares
from minenetcd.geo.polygons.vector_files import write_vector

CODE, COUNTRY = "ISO3_CODE", "COUNTRY_NAME"
#: In the id of a site whose country is not stated: a code that ISO 3166 leaves to its users.
NO_COUNTRY = "XXX"
#: Columns of the site table that are for the user to fill in.
TO_FILL_IN = ("before", "after", "label", "before_date", "after_date")

_METRES_PER_DEGREE = 110_500.0  # the shortest a degree of latitude gets
_LAST_UTM_NORTH, _LAST_UTM_SOUTH = 84.0, -80.0


@dataclass(frozen=True)
class SiteOptions:
    """`distance_m` up to which polygons are one site, `buffer_m` around them, and the least area of their mines."""

    distance_m: float = 2_000.0
    buffer_m: float = 500.0
    min_area_km2: float = 1.0

    def __post_init__(self) -> None:
        values = {"--distance": self.distance_m, "--buffer": self.buffer_m, "--min-area": self.min_area_km2}
        for option, value in values.items():
            if not (math.isfinite(value) and value >= 0):
                raise OptionError(f"{option} needs a number from 0 up, got {value:g}: e.g. 1000.")
        if self.distance_m > 100_000:
            raise OptionError(f"--distance needs to be 100000 m at most, got {self.distance_m:g}: choose less.")


def find_sites(polygons: str | Path, options: SiteOptions | None = None) -> GeoDataFrame:
    """The sites in a layer of mining polygons, by country and falling area, the same whatever the order of polygons.

    Columns: id (country code and rank in the country), country, iso3, polygons (how many), area_km2 (of the mines, on
    the ellipsoid), longitude, latitude, crs (UTM zone), left, bottom, right, top (extent with its buffer, whole metres
    of that CRS), those of TO_FILL_IN, and the geometry: the mines with their buffer, in degrees. DataError for a layer
    that is missing, unreadable, lacks a column, CRS or polygons, or has no site large enough.
    """
    options = options or SiteOptions()
    mines = read_polygons(polygons)
    mines["site"] = cluster(mines.geometry, options.distance_m)
    mines["zone"] = _zone_of_site(mines)
    by_zone = [_measured(part.to_crs(epsg=int(zone)), int(zone), options) for zone, part in mines.groupby("zone")]
    sites = GeoDataFrame(pd.concat(by_zone, ignore_index=True), geometry="geometry", crs=DEGREES)
    sites = sites.astype(dict.fromkeys(("polygons", "left", "bottom", "right", "top"), "int64"))
    large = sites[sites["area_km2"] >= options.min_area_km2]
    if large.empty:
        raise DataError(f"No site of {options.min_area_km2:g} km2 is in {polygons}: lower --min-area.")
    return _named(large)


def write_sites(sites: GeoDataFrame, path: str | Path) -> None:
    """The site table as .gpkg, .geojson or, without geometry, .csv; complete or not at all."""
    path = Path(path)
    if path.suffix.lower() != ".csv":
        return write_vector(sites, path)
    return write_text(path, csv_text(pd.DataFrame(sites.drop(columns="geometry"))))


def read_polygons(path: str | Path) -> GeoDataFrame:
    """The polygons with their country and its code, in degrees, in an order that does not depend on the file's."""
    frame = _read(Path(path))
    missing = [column for column in (CODE, COUNTRY) if column not in frame]
    if missing:
        raise DataError(
            f"Mining polygons need the columns {CODE} and {COUNTRY}, {path} lacks {', '.join(missing)} (it has "
            f"{', '.join(frame.columns)}): rename them."
        )
    if frame.crs is None:
        raise DataError(f"Mining polygons need a CRS, {path} has none: set it, e.g. in QGIS.")
    frame = GeoDataFrame(frame[[CODE, COUNTRY]], geometry=frame.geometry)
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)].to_crs(DEGREES)
    others = sorted(set(frame.geom_type) - {"Polygon", "MultiPolygon"})
    if others or frame.empty:
        raise DataError(f"Mining polygons are needed, {path} holds {', '.join(others) or 'none'}: give another layer.")
    frame["geometry"] = shapely.normalize(frame.geometry.make_valid().array)
    order = sorted(range(len(frame)), key=frame.geometry.to_wkb().tolist().__getitem__)
    return frame.iloc[order].reset_index(drop=True)


def cluster(polygons: GeoSeries, metres: float) -> NDArray[np.int64]:
    """A number for each polygon (in degrees), the same for those joined by steps of at most `metres`.

    Distances are measured between edges, in the UTM zone of one of the two.
    """
    first, second = _neighbours(polygons, metres)
    zones = utm_zones(polygons)
    close = np.zeros(len(first), dtype=bool)
    for zone in np.unique(zones[first]):
        pairs = np.flatnonzero(zones[first] == zone)
        used, places = np.unique(np.concatenate([first[pairs], second[pairs]]), return_inverse=True)
        local = np.asarray(polygons.iloc[used].to_crs(epsg=int(zone)).array)
        close[pairs] = shapely.dwithin(local[places[: len(pairs)]], local[places[len(pairs) :]], metres)
    links = coo_array((close[close], (first[close], second[close])), shape=(len(polygons),) * 2)
    return connected_components(links, directed=False)[1]


def utm_zones(polygons: GeoSeries) -> NDArray[np.int64]:
    """The UTM zone (polar stereographic beyond it) at the middle of each polygon in degrees, as EPSG code."""
    left, bottom, right, top = polygons.bounds.to_numpy().T
    longitude, latitude = (left + right) / 2, (bottom + top) / 2
    zone = np.floor((longitude + 180) / 6).astype(int) % 60 + 1
    codes = np.where(latitude >= 0, 32600, 32700) + zone
    return np.where(latitude > _LAST_UTM_NORTH, 32661, np.where(latitude < _LAST_UTM_SOUTH, 32761, codes))


def _read(path: Path) -> GeoDataFrame:
    if not path.exists():
        raise DataError(f"There is no file {path}: check the path.")
    try:
        frame = gpd.read_parquet(path) if path.suffix.lower() == ".parquet" else gpd.read_file(path)
    except (DataSourceError, DataLayerError, OSError, ValueError) as error:
        reason = one_line(error)
        raise DataError(f"The polygons {path} cannot be read ({reason}): download or export them again.") from error
    if not isinstance(frame, GeoDataFrame):
        raise DataError(f"Mining polygons are needed, {path} has no geometry: give another layer.")
    return frame


def _neighbours(polygons: GeoSeries, metres: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of polygons whose boxes come within `metres`, or a little more, also across 180 degrees."""
    left, bottom, right, top = polygons.bounds.to_numpy().T
    north = metres / _METRES_PER_DEGREE / 2
    farthest = np.minimum(np.maximum(np.abs(bottom), np.abs(top)) + north, 89.0)
    east = north / np.cos(np.radians(farthest))
    boxes = shapely.box(left - east, bottom - north, right + east, top + north)
    tree = shapely.STRtree(boxes)
    pairs = np.concatenate([tree.query(boxes), tree.query(_moved(boxes, 360)), tree.query(_moved(boxes, -360))], axis=1)
    return tuple(pairs[:, pairs[0] < pairs[1]])


def _moved(shapes: NDArray[np.object_], degrees: float) -> NDArray[np.object_]:
    return shapely.transform(shapes, lambda points: points + np.array([degrees, 0]))


def _zone_of_site(mines: GeoDataFrame) -> NDArray[np.int64]:
    """For each polygon the zone its site is measured in: that of the site's largest polygon."""
    areas = pd.Series(shapely.area(mines.geometry.array))
    largest = areas.groupby(mines["site"]).idxmax()
    return utm_zones(mines.geometry)[largest[mines["site"]]]


def _measured(mines: GeoDataFrame, zone: int, options: SiteOptions) -> GeoDataFrame:
    """The sites of one zone that may be large enough, a row each, from polygons in metres of that zone."""
    shapes, areas = np.asarray(mines.geometry.array), shapely.area(mines.geometry.array)
    members = [places for _, places in sorted(mines.groupby("site").indices.items())]
    unions = np.array([shapely.union_all(shapes[places]) for places in members], dtype=object)
    # measured on the ellipsoid only where it may matter: a wide site reaches beyond its zone, where metres stretch
    kept = np.flatnonzero(shapely.area(unions) >= 0.8e6 * options.min_area_km2)
    unions, members = unions[kept], [members[place] for place in kept]
    footprints = shapely.buffer(unions, options.buffer_m)
    left, bottom, right, top = shapely.bounds(footprints).T
    crs = f"EPSG:{zone}"
    centres = GeoSeries(shapely.points((left + right) / 2, (bottom + top) / 2), crs=crs).to_crs(DEGREES)
    countries = [_country(mines, places, areas) for places in members]
    hectares = np.array([geodesic_hectares(shape, crs) for shape in unions])
    columns = {
        "country": [name for _, name in countries], "iso3": [code for code, _ in countries],
        "polygons": [len(places) for places in members], "area_km2": (hectares / HECTARES_PER_KM2).round(4),
        "longitude": centres.x.round(5), "latitude": centres.y.round(5), "crs": crs,
        "left": np.floor(left), "bottom": np.floor(bottom), "right": np.ceil(right), "top": np.ceil(top),
    }  # fmt: skip
    drawn = [_divided(shape) for shape in GeoSeries(footprints, crs=crs).to_crs(DEGREES)]
    return GeoDataFrame(columns, geometry=drawn, crs=DEGREES)


def _country(mines: GeoDataFrame, places: NDArray[np.intp], areas: NDArray[np.float64]) -> tuple[str, str]:
    """Code and name of the country most of a site's area lies in."""
    shares: dict[tuple[str, str], float] = {}
    codes, names = mines[CODE].array, mines[COUNTRY].array
    for place in places:
        code, name = ("" if pd.isna(text) else str(text) for text in (codes[place], names[place]))
        shares[code, name] = shares.get((code, name), 0.0) + areas[place]
    return max(sorted(shares), key=shares.__getitem__)


def _divided(shape: BaseGeometry) -> BaseGeometry:
    """`shape` in longitude and latitude, in two where it crosses 180 degrees."""
    left, _, right, _ = shape.bounds
    if right - left < 180:
        return shape
    around = shapely.transform(shape, lambda points: np.where([True, False], points % 360, points))
    east, west = (shapely.clip_by_rect(around, low, -90, low + 180, 90) for low in (0, 180))
    return MultiPolygon([*_polygons(east), *_polygons(_moved(np.array([west]), -360)[0])])


def _polygons(shape: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def _named(sites: GeoDataFrame) -> GeoDataFrame:
    """Sites in order with their ids; a smaller least area adds ids at the end of each country, and changes none."""
    keys = ["iso3", "area_km2", "longitude", "latitude"]
    sites = sites.sort_values(keys, ascending=[True, False, True, True], ignore_index=True)
    rank = sites.groupby("iso3").cumcount() + 1
    code = sites["iso3"].where(sites["iso3"] != "", NO_COUNTRY)
    sites.insert(0, "id", [f"{iso3}-{number:04d}" for iso3, number in zip(code, rank, strict=True)])
    sites[["country", "iso3"]] = sites[["country", "iso3"]].replace("", None)
    for column in TO_FILL_IN:
        sites[column] = pd.Series([None] * len(sites), dtype="string")
    return sites[[*sites.columns.drop("geometry"), "geometry"]]
