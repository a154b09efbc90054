"""The rasters of a result as layers of a map: PNG tiles of 256 x 256 pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rio_tiler.utils import render

from minenetcd.display.eight_bit import Stretch
from minenetcd.geo.date import seen_on
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.prediction.rasters.stored import STEPS, StoredProbability
from minenetcd.web.results.placement import TILE_SIDE, Bounds, Placement, Tile

#: How pixels are packed: PNG loses nothing, WebP a little in colours.
Form = Literal["PNG", "WEBP"]

#: Colours (H, W, 3), or one grey (H, W, 1), and where they are seen (H, W).
Shown = tuple[NDArray[np.uint8], NDArray[np.bool_]]


@dataclass(frozen=True)
class Layer:
    """One raster on the map; `raster` is opened anew for each tile, so that threads may read side by side."""

    raster: Raster
    placement: Placement  # of the raster's own grid
    colour: Callable[[NDArray[np.generic], NDArray[np.bool_]], NDArray[np.uint8]]

    @property
    def bounds(self) -> Bounds:
        return self.placement.bounds

    def tile(self, tile: Tile, *, form: Form = "PNG") -> bytes:
        """PNG, or WebP for photographs where bytes count; transparent where there is no data.

        RasterError where the file cannot be read any more.
        """
        shown = self._shown(tile)
        return nothing() if shown is None else _encoded(*shown, form)

    def is_empty(self, tile: Tile) -> bool:
        """Whether nothing is seen of it there."""
        return self._shown(tile) is None

    def _shown(self, tile: Tile) -> Shown | None:
        if not tile.exists or not _overlap(tile.grid, self.placement):
            return None
        with self.raster.laid_on(self.placement.on_map) as raster:
            pixels, valid = seen_on(raster, tile.grid)
        return (self.colour(pixels, valid), valid) if valid.any() else None


def date_layer(raster: Raster, placement: Placement, stretch: Stretch) -> Layer:
    """One date in the colours of the report."""
    return Layer(raster, placement, stretch.apply)


def probability_layer(raster: Raster, placement: Placement, stored: StoredProbability) -> Layer:
    """Grey: 0 to 254 for 0 to 1."""

    def grey(pixels: NDArray[np.generic], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        probability = stored.decode(pixels) if stored.as_float else pixels.astype(np.float32) / STEPS
        steps = np.rint(np.where(valid[..., np.newaxis], probability, 0) * STEPS)
        return np.asarray(np.clip(steps, 0, STEPS), np.uint8)

    return Layer(raster, placement, grey)


def mask_layer(raster: Raster, placement: Placement) -> Layer:
    """Grey: 254 changed, 0 unchanged."""

    def grey(pixels: NDArray[np.generic], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        return np.where(pixels == 1, STEPS, 0).astype(np.uint8)

    return Layer(raster, placement, grey)


@cache
def nothing() -> bytes:
    """A tile in which nothing is seen."""
    return _encoded(np.zeros((TILE_SIDE, TILE_SIDE, 1), np.uint8), np.zeros((TILE_SIDE, TILE_SIDE), bool), "PNG")


#: GDAL's options.
_PACKED: dict[Form, dict[str, int]] = {"PNG": {"ZLEVEL": 3}, "WEBP": {"QUALITY": 85}}


def _encoded(colours: NDArray[np.uint8], valid: NDArray[np.bool_], form: Form) -> bytes:
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
