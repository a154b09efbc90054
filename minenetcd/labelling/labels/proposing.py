"""What a map of change, made by a detector, says of segments."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN
from minenetcd.errors import DataError, InputError
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster, read_canvas
from minenetcd.labelling.segments.hierarchy import NONE
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.outputs import DETAILS, result_names


def mapped_change(result: Path, grid: Grid) -> NDArray[np.uint8]:
    """The map of a finished result on `grid` (H, W): 1 changed, 0 unchanged, 255 not known there.

    InputError where `result` is no folder with one; DataError where it does not lie where the grid does.
    """
    if not (result / DETAILS).is_file():
        raise InputError(f"A folder with a finished result is needed (--result), {result} holds none: name another.")
    facts = read_details(result / DETAILS).facts
    path = result / result_names(facts.grid, facts.options).raster
    with Raster.open(path, bands=(1,)) as raster:
        if raster.grid.matches(grid):
            classes, valid = raster.read(Window(0, 0, grid.width, grid.height))
        elif not grid.is_georeferenced or not raster.grid.is_georeferenced:
            classes, valid = _cut(raster, grid)
        else:
            classes, valid = _warped(raster, grid)
    found = np.where(valid, classes[..., 0], UNKNOWN).astype(np.uint8)
    if not (found != UNKNOWN).any():
        raise DataError(
            f"A map of the same place is needed (--result), {result} shows another: name that of this pair."
        )
    return found


def _cut(raster: Raster, grid: Grid) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Of a picture's map, the part that lies on `grid`, a part of the same picture."""
    column, row = (round(place) for place in ~raster.grid.transform @ (grid.transform.c, grid.transform.f))
    inside = 0 <= column <= raster.grid.width - grid.width and 0 <= row <= raster.grid.height - grid.height
    if not inside:
        raise DataError(
            f"A map of the same picture is needed (--result), got one of {raster.grid.width} x {raster.grid.height} "
            f"pixels for {grid.width} x {grid.height}: name that of this pair."
        )
    return raster.read(Window(column, row, grid.width, grid.height))


def _warped(raster: Raster, grid: Grid) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    with raster.readable(), raster.canvas(*raster.grid.shape) as canvas:
        warped = WarpedVRT(
            canvas, crs=grid.crs, transform=grid.transform, height=grid.height, width=grid.width,
            resampling=Resampling.nearest, add_alpha=canvas.count == 1,
        )  # fmt: skip
        with warped:
            return read_canvas(warped, 1)


def mostly_changed(change: NDArray[np.uint8], labels: NDArray[np.int32], units: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Of N finest segments, numbered by labels (H, W), whether most of the mapped pixels of their unit (N,) changed."""
    known = (labels != NONE) & (change != UNKNOWN)
    of_pixels = units[labels[known]]
    count = int(units.max(initial=-1)) + 1
    mapped = np.bincount(of_pixels, minlength=count)
    changed = np.bincount(of_pixels, change[known] == 1, minlength=count)
    found: NDArray[np.bool_] = (2 * changed > mapped)[units]
    return found
