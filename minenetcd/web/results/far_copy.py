"""A small copy of a large raster, for tiles so far out that each would need most of its pixels.

Files with overviews have such copies in them, averaged; classes need one anyway, as their overviews are sampled.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from minenetcd.files import unwritable
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.geo.source import quiet_gdal
from minenetcd.prediction.report.pictures import SOURCE_ROWS, Block, cuts

#: A tile that reads more of a file than these needs a copy. [px]
MOST_READ = 16_000_000
#: Of a copy; more where it would be over MOST_TIMES_SMALLER times smaller: in between, a tile reads the file. [px]
MOST_COPIED, MOST_TIMES_SMALLER = 4_000_000, 8
#: Of a raster, held at a time while it is copied. [px]
MOST_HELD = 8_000_000
#: Overviews of a copy end below this side. [px]
COARSEST = 512

#: Pixels under a block (R, C, bands), where they are known (R, C) -> small (h, w, bands), where that is known (h, w).
Reduction = Callable[[Block, NDArray[np.bool_]], tuple[NDArray[np.generic], NDArray[np.bool_]]]


class FarCopy:
    """What `raster` looks like from far: made when it is first asked for, once, in one pass.

    Safe to use from several threads. Its file goes with it.
    """

    def __init__(self, raster: Raster, reduced: Reduction | None = None) -> None:
        self._raster, self._reduced = raster, reduced or mean
        self.grid = raster.grid.decimated(math.ceil(max(raster.grid.shape) / times_smaller(raster.grid)))
        self._lock = Lock()

    def grid_on(self, grid: Grid) -> Grid:
        """That of the copy, where the raster lies on `grid`."""
        return in_pixels(grid, self.grid.shape)

    def suits(self, wanted: Grid, grid: Grid) -> bool:
        """Whether pixels of `wanted` are no finer than those of the copy, where the raster lies on `grid`."""
        pairs = zip(wanted.metres_per_pixel, self.grid_on(grid).metres_per_pixel, strict=True)
        return all(asked >= own for asked, own in pairs)

    def opened(self) -> Raster:
        """The copy, to be opened once more by whoever reads it. RasterError where the file cannot be read."""
        with self._lock:
            return self._made

    @cached_property
    def _made(self) -> Raster:
        self._folder = TemporaryDirectory(prefix="minenetcd-", ignore_cleanup_errors=True)
        path = Path(self._folder.name) / "copy.tif"
        source = self._raster
        with source.laid_on(source.grid) as raster:  # one for this thread
            write_copy(raster, path, self.grid.shape, self._reduced)
        with Raster.open(path, bands=tuple(range(1, len(source.bands) + 1))) as copy:
            return copy.laid_on(self.grid)


def in_pixels(grid: Grid, shape: tuple[int, int]) -> Grid:
    """The extent of `grid` in as many pixels as `shape` (H, W) says."""
    height, width = shape
    scale = Affine.scale(grid.width / width, grid.height / height)
    return replace(grid, height=height, width=width, transform=grid.transform @ scale)


def needs_copy(raster: Raster) -> bool:
    """Whether to see all of it small takes long."""
    return raster.grid.height * raster.grid.width > MOST_READ and raster.pixels_far_out > MOST_READ


def times_smaller(grid: Grid) -> float:
    """By how much each side of a copy is smaller."""
    return min(max(1.0, math.sqrt(grid.height * grid.width / MOST_COPIED)), MOST_TIMES_SMALLER)


def mean(block: Block, known: NDArray[np.bool_]) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Of those pixels that are known."""
    count = block.counts(known)
    some = np.maximum(count, 1)
    bands = []
    for band in np.moveaxis(block.pixels, -1, 0):
        values = band.astype(np.float32)
        bands.append(block.sums(values if known.all() else np.where(known, values, 0)) / some)
    means = np.stack(bands, axis=-1)
    dtype = block.pixels.dtype
    return (np.rint(means) if np.issubdtype(dtype, np.integer) else means).astype(dtype), count > 0


def write_copy(raster: Raster, path: Path, shape: tuple[int, int], reduced: Reduction) -> None:
    """All of `raster` at a smaller `shape`, strip by strip, with its validity and, of means, overviews."""
    bands, rows = len(raster.bands), max(64, min(SOURCE_ROWS, MOST_HELD // raster.grid.width))
    whole = Window(0, 0, raster.grid.width, raster.grid.height)
    try:
        with quiet_gdal(), new_copy(path, shape, bands, raster.dtype) as copy:
            for cut in cuts(whole, shape, rows):
                pixels, valid = raster.read(cut.window)
                write_rows(copy, cut.rows.start, *reduced(Block(cut.rows, pixels, cut.down, cut.across), valid))
        if reduced is mean:
            _add_overviews(path, shape)
    except (RasterioError, OSError) as error:  # reading has its own: RasterError
        raise unwritable(path, error) from error


def new_copy(path: Path, shape: tuple[int, int], bands: int, dtype: "np.dtype[np.generic]") -> DatasetWriter:
    """A file to write rows of pixels to, the band after them being their validity."""
    copy: DatasetWriter = rasterio.open(
        path, "w", driver="GTiff", height=shape[0], width=shape[1], count=bands + 1, dtype=dtype, tiled=True,
        blockxsize=256, blockysize=256, photometric="MINISBLACK", alpha="UNSPECIFIED", BIGTIFF="IF_SAFER",
    )  # fmt: skip
    copy.colorinterp = (*(ColorInterp.gray, *(ColorInterp.undefined,) * (bands - 1)), ColorInterp.alpha)
    return copy


def write_rows(copy: DatasetWriter, top: int, pixels: NDArray[np.generic], valid: NDArray[np.bool_]) -> None:
    """Pixels (H, W, C) and where they are valid (H, W), from row `top` on."""
    dtype = pixels.dtype
    opaque = int(np.iinfo(dtype.name).max) if dtype.kind == "u" else 1  # as GDAL reads alpha of each type
    alpha = np.where(valid, opaque, 0).astype(dtype)
    window = Window(0, top, valid.shape[1], valid.shape[0])
    copy.write(np.concatenate([np.moveaxis(pixels, -1, 0), alpha[np.newaxis]]), window=window)


def _add_overviews(path: Path, shape: tuple[int, int]) -> None:
    factors = [2**level for level in range(1, 12) if max(shape) >> level >= COARSEST]
    with quiet_gdal(), rasterio.open(path, "r+") as copy:
        if factors:
            copy.build_overviews(factors, Resampling.average)
