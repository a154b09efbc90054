"""Where the pairs lie: a map whose dots are as large as what changed."""

from collections.abc import Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from minenetcd.constants import DEGREES
from minenetcd.display.label_places import name_points
from minenetcd.display.palettes import ACCENT, INK, QUIET
from minenetcd.display.round_numbers import round_numbers
from minenetcd.display.world_map import EQUAL_EARTH, draw_region, draw_world

#: A region is at least so wide, wider ones than so many are shown as the world. [degrees of longitude]
LEAST_WIDTH, LARGEST_WIDTH = 14.0, 120.0
#: Around the outermost sites, of the region's width; and how much wider than high it is at least and at most.
MARGIN, SHAPES = 0.18, (1.6, 2.2)
MOST_NAMED = 25
_LEAST_DOT, _LARGEST_DOT = 16.0, 420.0  # [points squared]
_WIDTH = 10.5  # [inches]


class Site(NamedTuple):
    """A pair on the map: its id, place [degrees], and how much changed [ha]."""

    name: str
    longitude: float
    latitude: float
    hectares: float


def sites_map(sites: Sequence[Site]) -> Figure:
    """The world, or the part of it with all of `sites`, the largest changes named; draw it in `figure_style`."""
    x = np.array([site.longitude for site in sites])
    y = np.array([site.latitude for site in sites])
    hectares = np.array([site.hectares for site in sites])
    bounds = _region(x, y)
    if bounds is None:
        figure = Figure((_WIDTH, 5.6), facecolor="white")
        axes = figure.add_subplot()
        draw_world(axes, crs=EQUAL_EARTH)
        points = gpd.GeoSeries.from_xy(x, y, crs=DEGREES).to_crs(EQUAL_EARTH)
        x, y = points.x.to_numpy(), points.y.to_numpy()
    else:
        west, south, east, north = bounds
        shape = (north - south) / ((east - west) * np.cos(np.radians((south + north) / 2)))
        figure = Figure((_WIDTH, 0.6 + _WIDTH * shape), facecolor="white")
        axes = figure.add_subplot()
        draw_region(axes, bounds)
        axes.tick_params(labelsize=7.5, length=2)
        axes.grid(color="white", linewidth=0.4, alpha=0.6)
        axes.set_xlabel("longitude", fontsize=7.5)
        axes.set_ylabel("latitude", fontsize=7.5)
    _draw_sites(axes, x, y, hectares, [site.name for site in sites])
    return figure


def _draw_sites(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], hectares: NDArray[np.float64], names: list[str]
) -> None:
    largest = float(hectares.max()) or 1.0
    sizes = _dot_sizes(hectares, largest)
    order = np.argsort(-sizes, kind="stable")  # small dots lie on large ones
    axes.scatter(x[order], y[order], s=sizes[order], c=ACCENT, alpha=0.8, edgecolors="white", linewidths=0.6, zorder=3)
    axes.figure.figure.draw_without_rendering()  # names go by where things are
    named = set(order[:MOST_NAMED].tolist())
    shown = [name if place in named else "" for place, name in enumerate(names)]
    name_points(axes, x.tolist(), y.tolist(), (np.sqrt(sizes) / 2).tolist(), shown, fontsize=8, color=INK)
    _explain_sizes(axes, largest)


def _dot_sizes(hectares: NDArray[np.float64], largest: float) -> NDArray[np.float64]:
    return np.maximum(_LEAST_DOT, _LARGEST_DOT * hectares / largest)


def _explain_sizes(axes: Axes, largest: float) -> None:
    shown = np.array(round_numbers(largest / 10, largest)[-3:])
    sizes = np.sqrt(_dot_sizes(shown, largest))
    dots = [Line2D([], [], ls="", marker="o", mfc="none", mec=QUIET, ms=size) for size in sizes]
    axes.legend(
        dots, [f"{area:,g} ha" for area in shown], loc="upper left", bbox_to_anchor=(1.0, 1.0), labelspacing=1.3
    )


def _region(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float, float] | None:
    """West, south, east and north of what holds all sites; None for the world."""
    width = float(np.ptp(x)) * (1 + 2 * MARGIN)
    height = float(np.ptp(y)) * (1 + 2 * MARGIN)
    across, up = float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2
    shrink = max(0.2, float(np.cos(np.radians(up))))
    width = max(width, LEAST_WIDTH, height / shrink * SHAPES[0])
    if width > LARGEST_WIDTH:
        return None
    height = max(height, width * shrink / SHAPES[1])
    return across - width / 2, up - height / 2, across + width / 2, up + height / 2
