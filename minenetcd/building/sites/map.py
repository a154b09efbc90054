"""A world map of mining sites (paper, figure 2)."""

import math
from pathlib import Path

import numpy as np
from geopandas import GeoDataFrame, points_from_xy
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from minenetcd.display.world_map import DEGREES, EQUAL_EARTH, draw_world
from minenetcd.files import atomic_path

MINE, EDGE, TEXT = "#c2451e", "#ffffff", "#333333"
#: Area of the mark of the smallest and the largest site. [points squared]
_SMALLEST_MARK, _LARGEST_MARK = 6.0, 220.0


def draw_site_map(sites: GeoDataFrame, path: str | Path) -> None:
    """Write a PNG with a mark at each site, its area growing with that of the mines."""
    figure = Figure(figsize=(11, 5.9), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw_world(axes, crs=EQUAL_EARTH)
    places = points_from_xy(sites["longitude"], sites["latitude"], crs=DEGREES).to_crs(EQUAL_EARTH)
    areas = sites["area_km2"].to_numpy()
    order = np.argsort(-areas)  # small marks on top of large ones
    axes.scatter(
        places.x[order], places.y[order], s=_mark_sizes(areas[order], areas.max()), color=MINE, alpha=0.75,
        edgecolor=EDGE, linewidth=0.4, zorder=3,
    )  # fmt: skip
    _add_key(axes, areas)
    axes.set_title(_title(sites), color=TEXT, fontsize=13)
    with atomic_path(path) as target:
        figure.savefig(target, dpi=150, metadata={"Software": None})


def _title(sites: GeoDataFrame) -> str:
    countries, area = sites["country"].nunique(), sites["area_km2"].sum()
    counted = f"{len(sites):,} mining site{'' if len(sites) == 1 else 's'}"
    where = f"{countries:,} countr{'y' if countries == 1 else 'ies'}"
    return f"{counted} in {where}, {area:,.{0 if area >= 10 else 2}f} km² of mines"


def _mark_sizes(areas: NDArray[np.float64], largest: float) -> NDArray[np.float64]:
    return np.maximum(_SMALLEST_MARK, _LARGEST_MARK * areas / largest)


def _add_key(axes: Axes, areas: NDArray[np.float64]) -> None:
    """Marks of a few round areas between the smallest and the largest."""
    shown = _round_areas(areas.min(), areas.max())
    marks = [
        axes.scatter([], [], s=_mark_sizes(np.array([area]), areas.max()), color=MINE, alpha=0.75, edgecolor=EDGE)
        for area in shown
    ]
    labels = [f"{area:,g} km²" for area in shown]
    key = axes.legend(
        marks, labels, title="Area mined", loc="lower left", bbox_to_anchor=(0.13, 0.02), frameon=False,
        labelcolor=TEXT, labelspacing=0.9,
    )  # fmt: skip
    key.get_title().set_color(TEXT)


def _round_areas(smallest: float, largest: float, most: int = 3) -> list[float]:
    """1, 2 or 5 times a power of ten, the largest `most` in the range; the largest itself where there is none."""
    powers = range(math.floor(math.log10(smallest)), math.ceil(math.log10(largest)) + 1)
    steps = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return [step for step in steps if smallest <= step <= largest][-most:] or [round(largest, 2)]
