"""When a pixel changed for good: one rule, pixel by pixel, and the raster of it, strip by strip.

A pixel has changed for good where it is changed against the first date in two dates in a row, or in the last that shows
it. Dates without data at a pixel neither confirm a change nor end it. When: in the first date of the first such run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN
from minenetcd.display.palettes import UNCHANGED_ON_MAP, WHEN, between, rgb
from minenetcd.geo.grid import SQUARE_METRES_PER_HECTARE, Grid
from minenetcd.geo.polygons.hectares import changed_hectares
from minenetcd.geo.polygons.tracing import change_polygons
from minenetcd.geo.polygons.vector_files import day_column
from minenetcd.geo.raster import RasterWriter
from minenetcd.prediction.rasters.scene_rasters import SceneRasters, read_window, strips

#: In the raster: never changed for good, and no date but the first shows it. Others are numbers of dates, the first 1.
NEVER, NOT_KNOWN = 0, 65535


@dataclass(frozen=True)
class AgainstFirst:
    """The map of date `number` against the first: its `rasters` lie on the grid of the first date."""

    number: int
    rasters: SceneRasters

    def read(self, window: Window, threshold: float | None) -> NDArray[np.uint8]:
        """1 changed, 0 not, 255 not known (H, W); changed pixels below `threshold`, where there is one, count as 0."""
        mask: NDArray[np.uint8] = read_window(self.rasters.mask, window)
        if threshold is None:
            return mask
        probability = self.rasters.read_probability(window)
        return np.where((mask == 1) & (probability < np.float32(threshold)), np.uint8(0), mask)


class FirstChange:
    """Fed with the maps of all dates against the first, in their order: when each pixel changed for good."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._when, self._begun = np.zeros((2, *shape), np.uint16)  # of the run that is not confirmed yet
        self._is_known = np.zeros(shape, bool)

    def feed(self, number: int, mask: NDArray[np.uint8]) -> None:
        """The map (H, W) of date `number`: 1 changed against the first, 0 not, 255 not known."""
        changed = mask == 1
        self._is_known |= mask != UNKNOWN
        confirmed = changed & (self._begun > 0) & (self._when == 0)
        self._when[confirmed] = self._begun[confirmed]
        self._begun[changed & (self._begun == 0)] = number
        self._begun[mask == 0] = 0

    def finish(self) -> NDArray[np.uint16]:
        """The number of the date (H, W); 0 never, 65535 not known."""
        when = np.where(self._when == 0, self._begun, self._when)  # what the last look shows nothing contradicts
        return np.where(self._is_known, when, np.uint16(NOT_KNOWN))


@dataclass(frozen=True)
class GrownArea:
    """Pixels, and hectares where they are known, that changed for good at one date."""

    pixels: int
    hectares: float | None


def write_first_change(
    path: Path,
    grid: Grid,
    dates: Sequence[AgainstFirst],
    days: Sequence[date],
    *,
    threshold: float | None = None,
    metres: float | None = None,
    tags: dict[str, str],
) -> dict[int, GrownArea]:
    """Write `path` by the maps of `dates` on `grid`, and measure what changed at each; `days` of all dates, from 1.

    `metres` per pixel are those of a picture. Memory holds one strip of one date.
    """
    counts, hectares = np.zeros((2, len(days) + 1))
    square_metres = None if metres is None else metres**2
    legend = {f"DATE_{number}": day.isoformat() for number, day in enumerate(days, start=1)}
    writer = RasterWriter(
        path, grid, dtype="uint16", nodata=NOT_KNOWN, colours=raster_colours(len(days)), tags={**tags, **legend}
    )
    with writer:
        for window in strips(grid):
            found = FirstChange((window.height, window.width))
            for each in dates:
                found.feed(each.number, each.read(window, threshold))
            when = found.finish()
            writer.write(when, window)
            for number in np.setdiff1d(when, (NEVER, NOT_KNOWN)):
                counts[number] += np.count_nonzero(when == number)
                if grid.is_georeferenced:
                    hectares[number] += changed_hectares(when == number, grid.part(window))
    if not grid.is_georeferenced and square_metres is not None:
        hectares = counts * square_metres / SQUARE_METRES_PER_HECTARE
    has_hectares = grid.is_georeferenced or square_metres is not None
    return {
        number: GrownArea(int(counts[number]), float(hectares[number]) if has_hectares else None)
        for number in range(2, len(days) + 1)
    }


def first_change_polygons(path: Path, grid: Grid, days: Sequence[date]) -> GeoDataFrame:
    """Polygons of the raster that `write_first_change` wrote, each of one date, largest first.

    Columns as `change_polygons`, with `first_change`, the day, and `date_number` before the geometry.
    """
    parts = [_of_date(path, grid, number, days[number - 1]) for number in range(2, len(days) + 1)]
    frame = GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    area = "area_ha" if "area_ha" in frame else "area_px"
    frame = frame.sort_values(area, ascending=False, kind="stable", ignore_index=True)
    frame["id"] = np.arange(1, len(frame) + 1, dtype=np.int64)
    return frame


def _of_date(path: Path, grid: Grid, number: int, day: date) -> GeoDataFrame:
    frame = change_polygons(path, grid, value=number)
    frame["first_change"] = day_column(day, len(frame))
    frame["date_number"] = np.full(len(frame), number, dtype=np.int64)
    return frame[[*frame.columns.drop("geometry"), "geometry"]]


def date_colours(dates: int) -> dict[int, str]:
    """The colour of each date, from the second of `dates` on: early to late."""
    return dict(zip(range(2, dates + 1), between(WHEN, dates - 1), strict=True))


def raster_colours(dates: int) -> dict[int, tuple[int, int, int, int]]:
    """The colour table of the raster."""
    colours: dict[int, tuple[int, int, int, int]] = {NEVER: (*rgb(UNCHANGED_ON_MAP), 255), NOT_KNOWN: (0, 0, 0, 0)}
    return colours | {number: (*rgb(colour), 255) for number, colour in date_colours(dates).items()}
