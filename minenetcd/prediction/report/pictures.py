"""Small images of a scene, for its report."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.display.eight_bit import PairStretch
from minenetcd.geo.align import AlignedPair
from minenetcd.prediction.rasters.scene_rasters import SceneRasters, read_window

MOST_PIXELS_A_SIDE = 900
SOURCE_ROWS = 512  # of a scene, held at a time
#: From more rows on NumPy adds up in another order.
MOST_ADDED = 8


@dataclass(frozen=True)
class DatePictures:
    """Both dates in their overlap, as colours: uint8 (H, W, 3), and `valid` (H, W) where both have data."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    stretch: PairStretch | None = None  # by which numbers became these colours; None where that was not kept


def date_pictures(native: AlignedPair) -> DatePictures:
    """The overlap of both dates, averaged down, by one stretch: tones differ as they do in the files."""
    small = native.read_small(MOST_PIXELS_A_SIDE)
    stretch = PairStretch.of(small.before, small.after, small.valid)
    before, after = stretch.before.apply(small.before, small.valid), stretch.after.apply(small.after, small.valid)
    return DatePictures(before, after, small.valid, stretch)


def small_probability(scene: SceneRasters, window: Window, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Mean probability of `window` at a smaller `shape` (H, W), NaN where there is no data."""
    small = np.empty(shape, dtype=np.float32)
    for block in blocks(scene.probability, window, shape):
        probability = scene.stored.decode(block.pixels)
        known = np.isfinite(probability)
        total, count = block.sums(np.where(known, probability, 0)), block.counts(known)
        small[block.rows] = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return small


def small_mask(scene: SceneRasters, window: Window, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """1 where any pixel of the mask changed, so that no small site is lost; else 0, or 255 unknown (H, W)."""
    small = np.empty(shape, dtype=np.uint8)
    for block in blocks(scene.mask, window, shape):
        # 255 passes as 0: it yields to any known pixel
        small[block.rows] = block.largest(block.pixels + np.uint8(1)) - np.uint8(1)
    return small


@dataclass(frozen=True)
class Block:
    """`rows` of a small image (h, w), the `pixels` (R, C) under them, and where those of each row and column begin."""

    rows: slice
    pixels: NDArray[Any]
    down: NDArray[np.intp]  # (h + 1,), the end of the last one, too
    across: NDArray[np.intp]  # (w + 1,)

    def sums(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of values (R, C), in each pixel of the small image (h, w)."""
        rows, count = self.down[:-1], np.diff(self.down)
        if count.max() > MOST_ADDED:
            return self.reduced(np.add, values)
        others = np.zeros((len(rows), values.shape[1]), values.dtype)
        for step in range(1, int(count.max())):
            more = np.flatnonzero(count > step)
            others[more] += values[rows[more] + step]
        # the first and the sum of the others, as `reduceat` adds up, which takes three times as long going down
        return np.asarray(np.add.reduceat(values[rows] + others, self.across[:-1], axis=1))

    def reduced(self, reduction: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        """`reduction` of values (R, C), in each pixel of the small image (h, w)."""
        return np.asarray(
            reduction.reduceat(reduction.reduceat(values, self.down[:-1], axis=0), self.across[:-1], axis=1)
        )

    def counts(self, known: NDArray[np.bool_]) -> NDArray[np.float32]:
        """How many of (R, C) are known."""
        if known.all():
            return np.outer(np.diff(self.down), np.diff(self.across)).astype(np.float32)
        return self.sums(known.astype(np.float32))

    def largest(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Of values (R, C); row by row, which is quicker than `reduceat` goes down."""
        first, last = self.down[:-1], self.down[1:] - 1
        rows = values[first]
        for step in range(1, int((last - first).max(initial=0)) + 1):
            np.maximum(rows, values[np.minimum(first + step, last)], out=rows)
        return np.asarray(np.maximum.reduceat(rows, self.across[:-1], axis=1))


def blocks(path: Path, window: Window, shape: tuple[int, int]) -> Iterator[Block]:
    """All of `window` of a raster, as it is reduced to a small image of that shape.

    Why not GDAL's reduced reading: it starts from overviews, in which classes are sampled and small sites are lost.
    """
    for cut in cuts(window, shape):
        yield Block(cut.rows, read_window(path, cut.window), cut.down, cut.across)


@dataclass(frozen=True)
class Cut:
    """A `window` of a raster, and which `rows` of the small image it becomes; `down` and `across` as in `Block`."""

    rows: slice
    window: Window
    down: NDArray[np.intp]
    across: NDArray[np.intp]


def cuts(window: Window, shape: tuple[int, int], source_rows: int = SOURCE_ROWS) -> Iterator[Cut]:
    """All of `window` in parts of about `source_rows` rows, as it becomes a small image of that shape."""
    row_edges, col_edges = (_edges(side, n) for side, n in zip((window.height, window.width), shape, strict=True))
    step = max(1, source_rows * shape[0] // window.height)
    for first in range(0, shape[0], step):
        last = min(first + step, shape[0])
        top, bottom = row_edges[first], row_edges[last]
        part = Window(window.col_off, window.row_off + top, window.width, bottom - top)
        yield Cut(slice(first, last), part, row_edges[first : last + 1] - top, col_edges)


def _edges(side: int, parts: int) -> NDArray[np.intp]:
    """Where each of `parts` parts of a side begins, and where the last ends."""
    return np.arange(parts + 1) * side // parts
