"""The rasters of a scene while it is analysed, written and read strip by strip."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN
from minenetcd.display.palettes import CHANGED_ON_MAP, UNCHANGED_ON_MAP, rgb
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.geo.source import quiet_gdal
from minenetcd.prediction.rasters.stored import StoredProbability

PIXELS_AT_A_TIME = 2**23
MOST_ROWS = 512
NO_ROWS = Window(0, 0, 0, 0)

COLOURS = {0: (*rgb(UNCHANGED_ON_MAP), 255), 1: (*rgb(CHANGED_ON_MAP), 255), UNKNOWN: (0, 0, 0, 0)}

#: Takes a strip (H, W) of a scene, and where it lies.
WriteStrip: TypeAlias = Callable[[Window, NDArray[Any]], None]


@dataclass(frozen=True)
class SceneRasters:
    """Two rasters on one grid, `probability` as `stored` says and `mask` (0, 1, 255), with the tags they carry."""

    grid: Grid
    stored: StoredProbability
    probability: Path
    mask: Path
    tags: dict[str, str]

    def probability_writer(self) -> RasterWriter:
        return RasterWriter(
            self.probability, self.grid,
            dtype=self.stored.dtype, nodata=self.stored.nodata, tags=self.tags, scale=self.stored.scale,
        )  # fmt: skip

    def mask_writer(self) -> RasterWriter:
        return RasterWriter(self.mask, self.grid, dtype="uint8", nodata=UNKNOWN, colours=COLOURS, tags=self.tags)

    def read_probability(self, window: Window) -> NDArray[np.float32]:
        """NaN where there is no data."""
        return self.stored.decode(read_window(self.probability, window))


def strips(grid: Grid) -> Iterator[Window]:
    """Full-width windows from top to bottom, of a bounded number of pixels."""
    rows = min(MOST_ROWS, max(1, PIXELS_AT_A_TIME // grid.width))
    for row in range(0, grid.height, rows):
        yield Window(0, row, grid.width, min(rows, grid.height - row))


class WholeStrips:
    """Hands the `strips` of a `grid` on to `write`, made of pieces that lie in its window `area`, from top to bottom.

    Pieces have any number of rows, and may leave some out; these, and all around the area, are `stored` as no data.
    """

    def __init__(self, grid: Grid, area: Window, stored: StoredProbability, write: WriteStrip) -> None:
        self._area, self._stored, self._write = area, stored, write
        self._windows = strips(grid)
        self._begin()

    def add(self, row: int, values: NDArray[Any]) -> None:
        """A piece (R, W) from `row` of the area on, as it is stored."""
        row += self._area.row_off
        across = slice(self._area.col_off, self._area.col_off + self._area.width)
        while len(values):
            start = row - self._window.row_off
            part = values[: max(0, self._window.height - start)]
            self._strip[start : start + len(part), across] = part
            row, values = row + len(part), values[len(part) :]
            if row >= self._window.row_off + self._window.height:
                self._end()

    def finish(self) -> None:
        """Hand on what is left once all pieces came."""
        while self._window.height:
            self._end()

    def _begin(self) -> None:
        self._window = next(self._windows, NO_ROWS)
        self._strip = np.full((self._window.height, self._window.width), self._stored.nodata, self._stored.dtype)

    def _end(self) -> None:
        self._write(self._window, self._strip)
        self._begin()


def read_strips(path: Path, grid: Grid) -> Iterator[tuple[Window, NDArray[Any]]]:
    """The first band (H, W) of a raster on `grid`, strip by strip."""
    with quiet_gdal():  # left before each yield: GDAL's set-ups must end in the reverse order of their beginnings
        dataset = rasterio.open(path)
    with dataset:
        for window in strips(grid):
            with quiet_gdal():
                values = dataset.read(1, window=window)
            yield window, values


def read_window(path: Path, window: Window) -> NDArray[Any]:
    """The first band of a raster (H, W) in `window`."""
    with quiet_gdal(), rasterio.open(path) as dataset:
        band: NDArray[Any] = dataset.read(1, window=window)
    return band
