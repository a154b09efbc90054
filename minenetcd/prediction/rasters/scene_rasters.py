"""The rasters of a scene while it is analysed, written and read strip by strip."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

COLOURS = {0: (*rgb(UNCHANGED_ON_MAP), 255), 1: (*rgb(CHANGED_ON_MAP), 255), UNKNOWN: (0, 0, 0, 0)}


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
