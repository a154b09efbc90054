"""The rasters of a result as layers of a map: PNG tiles of 256 x 256 pixels."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rio_tiler.utils import render

from minenetcd.display.eight_bit import Stretch
from minenetcd.geo.date import Pixels, seen_on
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.web.results.far_copy import FarCopy, needs_copy
from minenetcd.web.results.placement import TILE_SIDE, Bounds, Placement, Tile

#: How pixels are packed: PNG loses nothing, WebP a little in colours.
Form = Literal["PNG", "WEBP"]

#: Colours (H, W, 3), or one grey (H, W, 1), and where they are seen (H, W).
Shown = tuple[NDArray[np.uint8], NDArray[np.bool_]]


class Layer(ABC):
    """Something seen on the map, where its `placement` says; threads may read it side by side."""

    placement: Placement
    #: Whether far out the largest of several pixels is seen; else their mean.
    is_largest: bool = False

    @abstractmethod
    def seen(self, grid: Grid) -> Shown | None:
        """On a grid of the map, e.g. that of several tiles; None where nothing is seen."""

    @property
    def is_final(self) -> bool:
        """Whether a tile that is made now is as good as it ever gets."""
        return True

    @property
    def failure(self) -> str | None:
        """In words, why it never gets as good as it should; None where it does."""
        return None

    @property
    def bounds(self) -> Bounds:
        return self.placement.bounds

    def tile(self, tile: Tile, *, form: Form = "PNG") -> bytes:
        """PNG, or WebP for photographs where bytes count; transparent where there is no data.

        RasterError where the file cannot be read any more.
        """
        shown = self._shown(tile)
        return nothing() if shown is None else encoded(*shown, form)

    def is_empty(self, tile: Tile) -> bool:
        """Whether nothing is seen of it there."""
        return self._shown(tile) is None

    def _shown(self, tile: Tile) -> Shown | None:
        return self.seen(tile.grid) if tile.exists else None


@dataclass(frozen=True)
class RasterLayer(Layer):
    """One raster; `raster` is opened anew for each tile.

    `far`: a small copy, which is read where pixels of the map are no finer than its own. `is_largest`: whether far out
    the largest of several pixels is seen; else their mean.
    """

    raster: Raster
    placement: Placement  # of the raster's own grid
    colour: Callable[[NDArray[np.generic], NDArray[np.bool_]], NDArray[np.uint8]]
    read: Callable[[Raster, Grid], Pixels] = seen_on
    far: FarCopy | None = None
    is_largest: bool = False

    def seen(self, grid: Grid) -> Shown | None:
        if not _overlap(grid, self.placement):
            return None
        with self._read_from(grid) as raster:
            pixels, valid = self.read(raster, grid)
        return (self.colour(pixels, valid), valid) if valid.any() else None

    def _read_from(self, grid: Grid) -> Raster:
        own = self.placement.on_map
        if self.far is not None and self.far.suits(grid, own):
            return self.far.opened().laid_on(self.far.grid_on(own))
        return self.raster.laid_on(own)


def with_copy(layer: RasterLayer) -> RasterLayer:
    """`layer`, with a small copy where tiles far out would take long."""
    return replace(layer, far=FarCopy(layer.raster)) if needs_copy(layer.raster) else layer


def date_layer(raster: Raster, placement: Placement, stretch: Stretch) -> RasterLayer:
    """One date in the colours of the report."""
    return RasterLayer(raster, placement, stretch.apply)


@cache
def nothing() -> bytes:
    """A tile in which nothing is seen."""
    return encoded(np.zeros((TILE_SIDE, TILE_SIDE, 1), np.uint8), np.zeros((TILE_SIDE, TILE_SIDE), bool), "PNG")


#: GDAL's options.
_PACKED: dict[Form, dict[str, Any]] = {"PNG": {"ZLEVEL": 3}, "WEBP": {"QUALITY": 85}}


def encoded(colours: NDArray[np.uint8], valid: NDArray[np.bool_], form: Form) -> bytes:
    """A tile of colours (H, W, 3) or grey (H, W, 1), transparent where it is not `valid` (H, W)."""
    bands = np.moveaxis(colours, -1, 0)
    if form == "WEBP" and len(bands) == 1:  # which has no grey
        bands = np.repeat(bands, 3, axis=0)
    return bytes(render(bands, valid.astype(np.uint8) * 255, img_format=form, **_PACKED[form]))


def _overlap(tile: Grid, placement: Placement) -> bool:
    """Whether a tile of the map meets the box around a grid."""
    ground, own = tile.bounds_degrees, placement.bounds
    if ground.bottom > own.north or ground.top < own.south:
        return False
    return any(ground.left + turn <= own.east and ground.right + turn >= own.west for turn in (0.0, -360.0, 360.0))
