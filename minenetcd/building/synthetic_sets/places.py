"""Invented places and dates for synthetic scenes: real countries that mine, but no real mine."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import shapely
from geopandas import GeoSeries
from numpy.random import Generator
from shapely import Point
from shapely.geometry.base import BaseGeometry

from minenetcd.building.sites.finding import utm_zones
from minenetcd.constants import DEGREES
from minenetcd.display.world_map import countries

#: Six continents, as in the benchmark (paper, section 2), by ISO 3166 code.
MINING_COUNTRIES = (
    "ARG", "AUS", "BOL", "BRA", "BWA", "CAN", "CHL", "CHN", "COD", "COL", "DEU", "ESP", "FIN", "GHA", "GIN", "IDN",
    "IND", "IRN", "KAZ", "MAR", "MEX", "MLI", "MNG", "MRT", "NAM", "PER", "PNG", "POL", "RUS", "SAU", "SWE", "TUR",
    "TZA", "USA", "UZB", "ZAF", "ZMB", "ZWE",
)  # fmt: skip
#: Kept clear along coasts and borders, and of the poles, where UTM ends. [degrees]
_MARGIN, _FARTHEST = 0.3, 75.0
#: Limits and least interval of the benchmark's dates (paper, section 2 and figure 5d).
_FIRST_BEFORE, _LAST_BEFORE, _FIRST_AFTER, _LAST_AFTER = date(2009, 1, 1), date(2018, 12, 31), 2018, date(2023, 12, 31)
_LEAST_DAYS = 4 * 365 + 1


@dataclass(frozen=True)
class InventedPlace:
    """Where a scene is said to lie, and when its images are said to have been taken."""

    code: str
    country: str
    epsg: int  # of its UTM zone
    left: float  # of the scene's upper left corner [m]
    top: float
    before_date: str
    after_date: str


def invent_places(rng: Generator, count: int) -> list[InventedPlace]:
    """`count` places, each inside one of MINING_COUNTRIES."""
    outlines = countries()
    known = outlines.assign(size=shapely.area(outlines.geometry.array))  # islands far off may share a country's code
    known = known.sort_values("size").drop_duplicates("iso_a3", keep="last").set_index("iso_a3")
    inland = {code: _inland(known.loc[code, "geometry"]) for code in MINING_COUNTRIES}
    codes = rng.choice(MINING_COUNTRIES, count)
    points = GeoSeries([_point_in(rng, inland[code]) for code in codes], crs=DEGREES)
    zones = utm_zones(points)
    return [
        InventedPlace(str(code), known.loc[code, "country"], int(zone), *_corner(point, int(zone)), *_dates(rng))
        for code, point, zone in zip(codes, points, zones, strict=True)
    ]


def _inland(country: BaseGeometry) -> BaseGeometry:
    """The largest part of a country without its rim."""
    mainland = max(shapely.get_parts(country), key=lambda part: part.area)
    inner = shapely.buffer(shapely.simplify(mainland, 0.05), -_MARGIN)
    return shapely.clip_by_rect(inner, -180, -_FARTHEST, 180, _FARTHEST)


def _point_in(rng: Generator, area: BaseGeometry) -> Point:
    left, bottom, right, top = area.bounds
    while True:
        point = Point(rng.uniform(left, right), rng.uniform(bottom, top))
        if shapely.contains(area, point):
            return point


def _corner(point: Point, zone: int) -> tuple[float, float]:
    local = GeoSeries([point], crs=DEGREES).to_crs(epsg=zone)[0]
    return float(np.round(local.x)), float(np.round(local.y))


def _dates(rng: Generator) -> tuple[str, str]:
    before = _day_between(rng, _FIRST_BEFORE, _LAST_BEFORE)
    earliest = max(before + timedelta(days=_LEAST_DAYS), date(_FIRST_AFTER, 1, 1))
    return before.isoformat(), _day_between(rng, earliest, _LAST_AFTER).isoformat()


def _day_between(rng: Generator, first: date, last: date) -> date:
    return first + timedelta(days=int(rng.integers((last - first).days + 1)))
