"""One date of a pair, seen on the pair's grid."""

import math
from contextlib import ExitStack
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from minenetcd.geo.areas.limits import Mask, masks_on
from minenetcd.geo.footprints.turns import turned_grids
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster, read_canvas

POSITION_TOLERANCE = 0.01  # of a pixel, in the warp; GDAL's own default is an eighth

Pixels = tuple[NDArray[Any], NDArray[np.bool_]]  # (H, W, C), and where they are valid (H, W)

#: Where pictures lie while they are warped: GDAL warps nothing that has no CRS.
PICTURE_PLANE = 'LOCAL_CS["picture",UNIT["pixel",1]]'


class Date:
    """`raster` seen on `grid`: as stored where the grids match, else warped.

    Longitudes 185 and -175 are one: `raster` is laid where the longitudes of `grid` are, on both sides of them where it
    reaches around the Earth. What one of `masks` hides is not valid, and not read where it hides a whole window.
    """

    def __init__(self, raster: Raster, grid: Grid, masks: tuple[Mask, ...] = ()) -> None:
        self.raster = raster
        self.grid = grid
        self._masks = masks
        self._places = turned_grids(raster.grid, grid)
        self.is_as_stored = any(place.matches(grid) for place in self._places)
        self._opened = ExitStack()
        if not self.is_as_stored:
            self._warped = [_warp(raster, place, grid, self._opened) for place in self._places]
        self._masked = masks_on(masks, grid, self._opened)

    def read(self, window: Window) -> Pixels:
        if self._masked is None:
            return self._stored(window)
        masked = self._masked(window)
        if masked.all():
            return self.nothing(window)
        pixels, valid = self._stored(window)
        return pixels, valid & ~masked

    def nothing(self, window: Window) -> Pixels:
        """What is read where nothing is to be seen."""
        shape = int(window.height), int(window.width)
        return np.zeros((*shape, len(self.raster.bands)), self.raster.dtype), np.zeros(shape, dtype=bool)

    def _stored(self, window: Window) -> Pixels:
        if self.is_as_stored:
            return self.raster.read(window)
        with self.raster.readable():
            return _side_by_side([read_canvas(part, len(self.raster.bands), window) for part in self._warped])

    def read_small(self, window: Window, max_side: int) -> Pixels:
        """`window` of the grid, averaged down to at most `max_side` pixels a side."""
        small = self.grid.part(window).decimated(max_side)
        pixels, valid = self._stored_small(window, small)
        with ExitStack() as opened:
            masked = masks_on(self._masks, small, opened)
            return pixels, valid if masked is None else valid & ~masked(Window(0, 0, small.width, small.height))

    def _stored_small(self, window: Window, small: Grid) -> Pixels:
        raster = self.raster
        if self.is_as_stored:
            with raster.readable(), raster.canvas(*small.shape, window) as canvas:
                return read_canvas(canvas, len(raster.bands))
        return _averaged_and_warped(raster, self._places, small)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


def seen_on(raster: Raster, grid: Grid) -> Pixels:
    """`raster` on `grid`, whose pixels may be far larger than its own: averaged first, then warped."""
    return _averaged_and_warped(raster, turned_grids(raster.grid, grid), grid)


def _averaged_and_warped(raster: Raster, places: tuple[Grid, ...], grid: Grid) -> Pixels:
    with ExitStack() as opened:
        parts = [_warp(raster, _reduced(place, grid), grid, opened) for place in places]
        with raster.readable():
            return _side_by_side([read_canvas(part, len(raster.bands)) for part in parts])


def _side_by_side(parts: list[Pixels]) -> Pixels:
    """Of several views of one image, the first that is valid at each pixel."""
    pixels, valid = parts[0]
    for others, other_valid in parts[1:]:
        pixels[~valid] = others[~valid]
        valid = valid | other_valid
    return pixels, valid


def _warp(raster: Raster, source_grid: Grid, grid: Grid, opened: ExitStack) -> WarpedVRT:
    """`raster`, first averaged down to the size of `source_grid`, as a data set on `grid` with an alpha band."""
    with raster.readable():
        canvas: DatasetReader = opened.enter_context(raster.canvas(*source_grid.shape))
        warped = WarpedVRT(
            canvas, src_crs=_crs(source_grid), src_transform=source_grid.transform,
            crs=_crs(grid), transform=grid.transform, height=grid.height, width=grid.width,
            resampling=Resampling.bilinear, tolerance=POSITION_TOLERANCE,
            add_alpha=canvas.count == len(raster.bands),
        )  # fmt: skip
        return opened.enter_context(warped)


def _crs(grid: Grid) -> CRS:
    return CRS.from_wkt(PICTURE_PLANE) if grid.crs is None else grid.crs


def _reduced(grid: Grid, small: Grid) -> Grid:
    """`grid` with pixels about as large as those of `small`, so that little is left for the warp to average."""
    lengths = zip(_pixel(small), _pixel(grid), strict=True)
    ratio = min(wanted / own for wanted, own in lengths)
    return grid.decimated(max(1, round(max(grid.shape) / max(1.0, ratio))))


def _pixel(grid: Grid) -> tuple[float, float]:
    """Lengths of a pixel: in metres, or in the units of coordinates without a place on Earth."""
    if grid.is_georeferenced:
        return grid.metres_per_pixel
    a, b, _, d, e, _ = grid.transform[:6]
    return math.hypot(a, d), math.hypot(b, e)
