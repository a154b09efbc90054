"""The rasters of a result as layers of a map: PNG tiles of 256 x 256 pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rio_tiler.reader import part
from rio_tiler.utils import render

from minenetcd.display.eight_bit import Stretch
from minenetcd.display.palettes import rgb
from minenetcd.geo.date import Pixels, seen_on
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.prediction.rasters.stored import STEPS, StoredProbability
from minenetcd.web.results.placement import MERCATOR, TILE_SIDE, Bounds, Placement, Tile

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
    read: Callable[[Raster, Grid], Pixels] = seen_on

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

    def seen(self, grid: Grid) -> Shown | None:
        """On a grid of the map, e.g. that of several tiles; None where nothing is seen."""
        if not _overlap(grid, self.placement):
            return None
        with self.raster.laid_on(self.placement.on_map) as raster:
            pixels, valid = self.read(raster, grid)
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


def numbers_layer(raster: Raster, placement: Placement, colours: Mapping[int, str]) -> Layer:
    """Whole numbers, each in its colour (#rrggbb); what has none is not seen."""

    def paint(pixels: NDArray[np.generic], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        shown = np.zeros((*valid.shape, 3), np.uint8)
        for number, colour in colours.items():
            shown[pixels[..., 0] == number] = rgb(colour)
        return shown

    def sampled(opened: Raster, grid: Grid) -> Pixels:
        """Of each pixel the number in its middle: a mean of numbers would be another one's."""
        with opened.readable(), opened.canvas(*opened.grid.shape) as canvas:
            seen = part(
                canvas,
                tuple(grid.bounds),
                dst_crs=MERCATOR,
                bounds_crs=MERCATOR,
                height=grid.height,
                width=grid.width,
                indexes=(1,),
            )
        pixels = np.moveaxis(np.asarray(seen.array.data), 0, -1)
        return pixels, np.isin(pixels[..., 0], list(colours))

    return Layer(raster, placement, paint, sampled)


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
