"""A probability computed on a coarser or finer grid, brought back to the images' own."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window
from scipy.sparse import csr_array

from minenetcd.geo.align import AlignedPair
from minenetcd.geo.grid import Grid
from minenetcd.prediction.rasters.scene_rasters import read_window, strips


def resampled_strips(path: Path, grid: Grid, native: AlignedPair) -> Iterator[tuple[Window, NDArray[np.float32]]]:
    """The raster at `path` (float32, NaN no data), which lies on `grid`, on the grid of `native`, strip by strip.

    Bilinear among the pixels that have data; towards a finer `grid` the kernel widens, so that all of them count.
    NaN where `native` itself has no data: a hole smaller than a pixel of a coarser grid stays a hole.
    `grid` is a resampling of native's (`Grid.resampled`): same corner, same axes, other pixels. Why not a warp: GDAL
    gives nothing where the nearest pixel has no data, which costs the edge of a scene up to half a coarse pixel.
    """
    ratio_x, _, _, _, ratio_y, *_ = ~grid.transform @ native.grid.transform
    across = interpolation(range(native.grid.width), ratio_x, grid.width)
    for window in strips(native.grid):
        rows = range(window.row_off, window.row_off + window.height)
        down = interpolation(rows, ratio_y, grid.height)
        first, last = int(down.indices.min()), int(down.indices.max()) + 1
        values = read_window(path, Window(0, first, grid.width, last - first))
        resampled = weighted_mean(values, down[:, first:last], across)
        yield window, np.where(_valid(native, window), resampled, np.float32(np.nan))


def interpolation(targets: range, ratio: float, side: int) -> csr_array:
    """Weights (len(targets), side) of a row of `side` pixels in each target pixel, `ratio` of their pixels wide.

    A triangle around the target's centre, one pixel to either side, or as wide as the target where that is more;
    at the ends of the row, the nearest pixel.
    """
    reach = max(1.0, ratio)
    centres = (np.asarray(targets) + 0.5) * ratio - 0.5
    offsets = np.arange(-math.ceil(reach), math.ceil(reach) + 1)
    places = np.rint(centres).astype(np.int64)[:, np.newaxis] + offsets
    weights = np.maximum(0, 1 - np.abs(places - centres[:, np.newaxis]) / reach)
    rows = np.broadcast_to(np.arange(len(targets))[:, np.newaxis], places.shape)
    kept = weights > 0
    entries = (weights[kept], (rows[kept], np.clip(places[kept], 0, side - 1)))
    return csr_array(entries, shape=(len(targets), side))


def weighted_mean(values: NDArray[np.float32], down: csr_array, across: csr_array) -> NDArray[np.float32]:
    """(h, w) -> (H, W) by weights down (H, h) and across (W, w), NaN left out; NaN where nothing is left."""
    known = np.isfinite(values)
    total, weight = (
        across @ (down @ part).T for part in (np.where(known, values, 0).astype(np.float64), known.astype(np.float64))
    )
    mean: NDArray[np.float64] = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 1e-9)
    return mean.T.astype(np.float32)


def _valid(native: AlignedPair, window: Window) -> NDArray[np.bool_]:
    """Where both dates have data (H, W); nothing is read outside their overlap."""
    valid = np.zeros((window.height, window.width), dtype=bool)
    area = native.overlap
    first = max(window.row_off, area.row_off)
    last = min(window.row_off + window.height, area.row_off + area.height)
    if first < last:
        shared = Window(area.col_off, first, area.width, last - first)
        rows = slice(first - window.row_off, last - window.row_off)
        valid[rows, area.col_off : area.col_off + area.width] = native.read(shared).valid
    return valid
