"""Rasters of classes as layers of a map: numbers of dates, masks. No single pixel is lost far out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rio_tiler.reader import part

from minenetcd.display.palettes import rgb
from minenetcd.geo.date import Pixels
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.prediction.rasters.stored import STEPS
from minenetcd.prediction.report.pictures import Block
from minenetcd.web.results.far_copy import MOST_READ, FarCopy
from minenetcd.web.results.layers import RasterLayer
from minenetcd.web.results.placement import MERCATOR, Placement

#: Samples on the side of a pixel of the raster, where several lie under one of the map: so many that none is passed
#: over, however the raster is turned.
SAMPLES = 1.5


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
        times = self._samples(raster, grid)
        fine = replace(
            grid,
            height=grid.height * times,
            width=grid.width * times,
            transform=grid.transform @ Affine.scale(1 / times),
        )
        numbers = self._ranks(_sampled(raster, fine))
        largest = numbers.reshape(grid.height, times, grid.width, times).max(axis=(1, 3))
        return self._numbers(largest)[..., np.newaxis], largest > 0

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

    @staticmethod
    def _samples(raster: Raster, grid: Grid) -> int:
        pairs = zip(grid.metres_per_pixel, raster.grid.metres_per_pixel, strict=True)
        ratio = max(wanted / own for wanted, own in pairs)
        return 1 if ratio <= 1 else math.ceil(ratio * SAMPLES)


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
