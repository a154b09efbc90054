"""Rasters of classes as layers of a map: numbers of dates, masks. No single pixel is lost far out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window
from rio_tiler.reader import part

from minenetcd.display.palettes import rgb
from minenetcd.geo.date import Pixels
from minenetcd.geo.grid import Grid, apply, transformer
from minenetcd.geo.raster import Raster
from minenetcd.prediction.rasters.stored import STEPS
from minenetcd.prediction.report.pictures import Block
from minenetcd.web.results.far_copy import MOST_READ, FarCopy, in_pixels
from minenetcd.web.results.layers import RasterLayer
from minenetcd.web.results.placement import MERCATOR, Placement

#: On the side of a pixel of the raster: so many that none is passed over, however the raster is turned.
SAMPLES = 1.5
#: For a tile; more only where a raster lies on both ends of the map.
MOST_SAMPLED = 4 * MOST_READ


def mask_layer(raster: Raster, placement: Placement) -> RasterLayer:
    """Grey: 254 where any pixel changed, 0 unchanged."""

    def grey(pixels: NDArray[np.generic], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        return np.where(pixels == 1, STEPS, 0).astype(np.uint8)

    classes = _Largest((0, 1))
    return RasterLayer(raster, placement, grey, classes.read, classes.copy(raster))


def numbers_layer(raster: Raster, placement: Placement, colours: Mapping[int, str]) -> RasterLayer:
    """Whole numbers, each in its colour (#rrggbb), the largest of several; what has none is not seen."""

    def paint(pixels: NDArray[np.generic], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        shown = np.zeros((*valid.shape, 3), np.uint8)
        for number, colour in colours.items():
            shown[pixels[..., 0] == number] = rgb(colour)
        return shown

    classes = _Largest(tuple(colours))
    return RasterLayer(raster, placement, paint, classes.read, classes.copy(raster))


@dataclass(frozen=True)
class _Largest:
    """Of several pixels the largest number that is one of `wanted`: a mean of numbers would be another one's.

    Where none is, the largest number of the type, which is never wanted, stands for it.
    """

    wanted: tuple[int, ...]

    def read(self, raster: Raster, grid: Grid) -> Pixels:
        """`raster` on `grid` of the map, of which each of its pixels is a part."""
        ranks = np.zeros(grid.shape, raster.dtype)
        samples = _samples(raster.grid, grid)
        if samples is not None:
            found = self._ranks(_sampled(raster, samples.grid))
            for axis, first in enumerate(samples.first):
                edges = np.arange(-(first % samples.times), found.shape[axis], samples.times).clip(0)
                found = np.maximum.reduceat(found, edges, axis=axis)
            top, left = (first // samples.times for first in samples.first)
            ranks[top : top + found.shape[0], left : left + found.shape[1]] = found
        return self._numbers(ranks)[..., np.newaxis], ranks > 0

    def copy(self, raster: Raster) -> FarCopy | None:
        """Overviews of classes are sampled, so that only a small raster needs none."""
        if raster.grid.height * raster.grid.width <= MOST_READ:
            return None
        return FarCopy(raster, self._reduced)

    def _reduced(self, block: Block, known: NDArray[np.bool_]) -> Pixels:
        ranks = np.where(known, self._ranks(block.pixels[..., 0]), 0).astype(block.pixels.dtype)
        largest = block.largest(ranks)
        return self._numbers(largest)[..., np.newaxis], np.ones(largest.shape, bool)

    def _ranks(self, numbers: NDArray[np.generic]) -> NDArray[np.generic]:
        """0 for what is not wanted, so that it yields to all that is."""
        ranks: NDArray[np.generic] = np.where(np.isin(numbers, self.wanted), numbers, -1) + 1
        return ranks.astype(numbers.dtype)

    def _numbers(self, ranks: NDArray[np.generic]) -> NDArray[np.generic]:
        rest = int(np.iinfo(ranks.dtype.name).max)
        return np.where(ranks == 0, rest, ranks - 1).astype(ranks.dtype)


@dataclass(frozen=True)
class _Samples:
    """Where a raster is sampled: on a `grid` whose pixels are so many `times` finer than those of a grid of the map.

    `first`: its row and column among all such pixels.
    """

    grid: Grid
    first: tuple[int, int]
    times: int


def _samples(own: Grid, grid: Grid) -> _Samples | None:
    """Those under which a raster on the grid `own` lies, so that far out no more are taken than it has pixels for.

    None where it does not lie on `grid`.
    """
    times = _times(own, grid)
    fine = in_pixels(grid, (grid.height * times, grid.width * times))
    window = _around(own, fine)
    while window is not None and window.height * window.width > MOST_SAMPLED and times > 1:
        times = max(1, times // 2)  # on both ends of the map
        fine = in_pixels(grid, (grid.height * times, grid.width * times))
        window = _around(own, fine)
    if window is None:
        return None
    return _Samples(fine.part(window), (window.row_off, window.col_off), times)


def _times(own: Grid, grid: Grid) -> int:
    ratio = max(wanted / of_own for wanted, of_own in zip(grid.metres_per_pixel, own.metres_per_pixel, strict=True))
    return max(1, math.ceil(ratio * SAMPLES))


def _around(own: Grid, fine: Grid) -> Window | None:
    """The pixels of `fine`, on the map, around the grid `own`."""
    x, y = transformer(own.wkt(), MERCATOR.to_wkt())(*own.outline())
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return None
    columns, rows = apply(~fine.transform, x[known], y[known])
    (top, bottom), (left, right) = (
        (max(0, math.floor(places.min()) - 1), min(side, math.ceil(places.max()) + 1))
        for places, side in ((rows, fine.height), (columns, fine.width))
    )
    return Window(left, top, right - left, bottom - top) if top < bottom and left < right else None


def _sampled(raster: Raster, grid: Grid) -> NDArray[np.generic]:
    """Of each pixel of `grid` the number in its middle (H, W)."""
    with raster.readable(), raster.canvas(*raster.grid.shape) as canvas:
        seen = part(
            canvas,
            tuple(grid.bounds),
            dst_crs=MERCATOR,
            bounds_crs=MERCATOR,
            height=grid.height,
            width=grid.width,
            indexes=(1,),
        )
    numbers: NDArray[np.generic] = np.asarray(seen.array.data)[0]
    return numbers
