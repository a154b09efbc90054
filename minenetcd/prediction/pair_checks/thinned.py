"""What the checks of a pair look at: some of its pixels, and means of small blocks.

One pass over the windows of a scene, each read once; of a window of 1024 x 1024 about one row in four is looked at.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.geo.align import Pair

#: A window is thinned to about so many pixels a side, and into at least so many blocks where its size allows. [pixels]
PIXELS_A_SIDE, BLOCKS_A_SIDE = 128, 64
LARGEST_BLOCK = 8  # side [pixels]
COLOURS = 3  # bands looked at for what has no colour

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ThinnedDate:
    """One date, where both dates are valid.

    `pixels` (N, C) of the file's numbers; `blocks` (M, 3): means of the first three bands, or (M, C) where there are
    fewer; `roughness` (M,): the mean step from a pixel to the next in each.
    """

    pixels: NDArray[Any]
    blocks: Numbers
    roughness: Numbers


@dataclass(frozen=True)
class ThinnedPair:
    """Both dates at the same pixels and blocks; `valid` is the share of pixels valid in both."""

    before: ThinnedDate
    after: ThinnedDate
    valid: float


def thinned(windows: Iterable[Pair]) -> ThinnedPair:
    """Both dates of `windows`, at least one, thinned."""
    before, after, valid = [], [], []
    for read in windows:
        before.append(_window(read.before, read.valid))
        after.append(_window(read.after, read.valid))
        valid.append(thin(read.valid).ravel())
    return ThinnedPair(_joined(before), _joined(after), float(np.concatenate(valid).mean()))


def _window(pixels: NDArray[Any], valid: NDArray[np.bool_]) -> ThinnedDate:
    blocks, roughness = _blocks(pixels[..., :COLOURS], valid)
    return ThinnedDate(thin(pixels)[thin(valid)], blocks, roughness)


def _joined(parts: list[ThinnedDate]) -> ThinnedDate:
    names = ("pixels", "blocks", "roughness")
    return ThinnedDate(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def thin(array: NDArray[Any]) -> NDArray[Any]:
    """Pixels of `array` (H, W, ...), evenly spread, about PIXELS_A_SIDE down and across."""
    step = max(1, min(array.shape[:2]) // PIXELS_A_SIDE)
    return array[::step, ::step]


def _blocks(pixels: NDArray[Any], valid: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Means and roughness of the blocks that are valid, from two of their rows."""
    side = 2 * int(np.clip(min(valid.shape) // BLOCKS_A_SIDE // 2, 1, LARGEST_BLOCK // 2))
    rows, cols = (length // side for length in valid.shape)
    place = np.s_[: rows * side : side // 2, : cols * side]
    split = (rows, 2, cols, side)
    is_whole = valid[place].reshape(split).all(axis=(1, 3))
    with np.errstate(over="ignore", invalid="ignore"):  # blocks without data may hold any number, and are left out
        bands = [pixels[place][..., band] for band in range(pixels.shape[-1])]  # side by side, each is read in steps
        cut = np.stack(bands).astype(np.float32).reshape(len(bands), *split)
        means = (cut @ np.full(side, 1 / side, np.float32)).mean(axis=2)  # a product is quicker than a mean
        grey = cut.mean(axis=0)
        roughness = np.abs(np.diff(grey, axis=-1)).mean(axis=(1, 3))
    return means[:, is_whole].T, roughness[is_whole]
