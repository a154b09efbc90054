"""Rasters as layers of a map in which no single pixel is lost far out: numbers of dates, masks, probability."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window
from rio_tiler.reader import part

from minenetcd.constants import UNKNOWN
from minenetcd.display.palettes import rgb
from minenetcd.geo.date import Pixels
from minenetcd.geo.grid import Grid, apply, transformer
from minenetcd.geo.raster import Raster
from minenetcd.prediction.rasters.stored import STEPS, StoredProbability
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
    return RasterLayer(raster, placement, grey, classes.read, classes.copy(raster), is_largest=True)


def probability_layer(raster: Raster, placement: Placement, stored: StoredProbability) -> RasterLayer:
    """Grey: 0 to 254 for 0 to 1, far out the largest, so that what the map calls changed is seen at its threshold."""

    def grey(pixels: NDArray[np.generic], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        steps = np.rint(pixels.astype(np.float32) * STEPS) if stored.as_float else pixels
        return np.where(valid[..., np.newaxis], steps, 0).astype(np.uint8)

    steps = _LargestStep(stored)
    return RasterLayer(raster, placement, grey, steps.read, steps.copy(raster), is_largest=True)


def numbers_layer(raster: Raster, placement: Placement, colours: Mapping[int, str]) -> RasterLayer:
    """Whole numbers, each in its colour (#rrggbb), the largest of several; what has none is not seen."""

    def paint(pixels: NDArray[np.generic], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        shown = np.zeros((*valid.shape, 3), np.uint8)
        for number, colour in colours.items():
            shown[pixels[..., 0] == number] = rgb(colour)
        return shown

    classes = _Largest(tuple(colours))
    return RasterLayer(raster, placement, paint, classes.read, classes.copy(raster), is_largest=True)


class _LargestRank(ABC):
    """Of several pixels the one of the highest rank. Rank 0 is that of no data, which yields to all that is known."""

    def read(self, raster: Raster, grid: Grid) -> Pixels:
        """`raster` on `grid` of the map, of which each of its pixels is a part."""
        ranks = np.zeros(grid.shape, raster.dtype)
        samples = _samples(raster.grid, grid)
        if samples is not None:
            numbers, known = _sampled(raster, samples.grid)
            found = np.where(known, self._ranks(numbers), 0).astype(ranks.dtype)
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

    @abstractmethod
    def _ranks(self, numbers: NDArray[np.generic]) -> NDArray[np.generic]: ...

    @abstractmethod
    def _numbers(self, ranks: NDArray[np.generic]) -> NDArray[np.generic]:
        """As the raster has them."""


@dataclass(frozen=True)
class _Largest(_LargestRank):
    """The largest number that is one of `wanted`: a mean of numbers would be another one's.

    Where none is, the largest number of the type, which is never wanted, stands for it.
    """

    wanted: tuple[int, ...]

    def _ranks(self, numbers: NDArray[np.generic]) -> NDArray[np.generic]:
        ranks: NDArray[np.generic] = np.where(np.isin(numbers, self.wanted), numbers, -1) + 1
        return ranks.astype(numbers.dtype)

    def _numbers(self, ranks: NDArray[np.generic]) -> NDArray[np.generic]:
        rest = int(np.iinfo(ranks.dtype.name).max)
        return np.where(ranks == 0, rest, ranks - 1).astype(ranks.dtype)


@dataclass(frozen=True)
class _LargestStep(_LargestRank):
    """The largest probability, in the steps in which it is shown: on the side of the threshold on which it is."""

    stored: StoredProbability

    def _ranks(self, numbers: NDArray[np.generic]) -> NDArray[np.generic]:
        steps = numbers
        if self.stored.as_float:
            steps = replace(self.stored, as_float=False).encode(self.stored.decode(numbers))
        return np.where(steps == UNKNOWN, 0, steps.astype(np.int16) + 1)

    def _numbers(self, ranks: NDArray[np.generic]) -> NDArray[np.generic]:
        steps = ranks.astype(np.float32) - 1
        if self.stored.as_float:
            return np.where(ranks == 0, np.float32(np.nan), steps / np.float32(STEPS))
        return np.where(ranks == 0, UNKNOWN, steps).astype(np.uint8)


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


def _sampled(raster: Raster, grid: Grid) -> Pixels:
    """Of each pixel of `grid` the number in its middle (H, W), and where it is known (H, W)."""
    with raster.readable(), raster.canvas(*raster.grid.shape) as canvas:
        seen = part(
            canvas,
            tuple(grid.bounds),
            dst_crs=MERCATOR,
            bounds_crs=MERCATOR,
            height=grid.height,
            width=grid.width,
            indexes=tuple(range(1, canvas.count + 1)),
        )
    numbers, *validity = np.asarray(seen.array.data)
    return numbers, validity[0] > 0 if validity else ~np.ma.getmaskarray(seen.array)[0]
