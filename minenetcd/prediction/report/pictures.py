"""Small images of a scene, for its report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.display.eight_bit import eight_bit_pair
from minenetcd.geo.align import AlignedPair
from minenetcd.prediction.rasters.scene_rasters import SceneRasters, read_window

MOST_PIXELS_A_SIDE = 900
SOURCE_ROWS = 512  # of a scene, held at a time

Block = tuple[slice, NDArray[Any], Callable[[NDArray[Any]], NDArray[Any]]]


@dataclass(frozen=True)
class DatePictures:
    """Both dates in their overlap, as colours: uint8 (H, W, 3), and `valid` (H, W) where both have data."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    valid: NDArray[np.bool_]


def date_pictures(native: AlignedPair) -> DatePictures:
    """The overlap of both dates, averaged down, by one stretch: tones differ as they do in the files."""
    small = native.read_small(MOST_PIXELS_A_SIDE)
    before, after = eight_bit_pair(small.before, small.after, small.valid, stretch_eight_bits=True)
    return DatePictures(before, after, small.valid)


def small_probability(scene: SceneRasters, window: Window, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Mean probability of `window` at a smaller `shape` (H, W), NaN where there is no data."""
    small = np.empty(shape, dtype=np.float32)
    for rows, stored, add in _blocks(scene.probability, window, shape, np.add):
        probability = scene.stored.decode(stored)
        known = np.isfinite(probability)
        total, count = add(np.where(known, probability, 0)), add(known.astype(np.float32))
        small[rows] = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return small


def small_mask(scene: SceneRasters, window: Window, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """1 where any pixel of the mask changed, so that no small site is lost; else 0, or 255 unknown (H, W)."""
    small = np.empty(shape, dtype=np.uint8)
    for rows, mask, largest in _blocks(scene.mask, window, shape, np.maximum):
        small[rows] = largest(mask + np.uint8(1)) - np.uint8(1)  # 255 passes as 0: it yields to any known pixel
    return small


def _blocks(path: Path, window: Window, shape: tuple[int, int], reduction: np.ufunc) -> Iterator[Block]:
    """Rows of the small image, the pixels (R, W) under them, and the function that reduces these to those rows.

    Why not GDAL's reduced reading: it starts from overviews, in which classes are sampled and small sites are lost.
    """
    row_edges, col_edges = (_edges(side, n) for side, n in zip((window.height, window.width), shape, strict=True))
    step = max(1, SOURCE_ROWS * shape[0] // window.height)
    for first in range(0, shape[0], step):
        last = min(first + step, shape[0])
        top, bottom = row_edges[first], row_edges[last]
        pixels = read_window(path, Window(window.col_off, window.row_off + top, window.width, bottom - top))
        starts = row_edges[first:last] - top

        def reduce(values: NDArray[Any], starts: NDArray[np.intp] = starts) -> NDArray[Any]:
            return reduction.reduceat(reduction.reduceat(values, starts, axis=0), col_edges[:-1], axis=1)

        yield slice(first, last), pixels, reduce


def _edges(side: int, parts: int) -> NDArray[np.intp]:
    """Where each of `parts` parts of a side begins, and where the last ends."""
    return np.arange(parts + 1) * side // parts
