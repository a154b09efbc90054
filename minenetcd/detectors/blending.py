"""Overlapping tiles made into one image, in the memory of one row of tiles."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minenetcd.detectors.tiling import Tile


class Strip(NamedTuple):
    """Rows of a region that no later tile touches: `values` (R, W) float32 from `row` on, NaN where nothing came."""

    row: int
    values: NDArray[np.float32]


def tile_weights(side: int) -> NDArray[np.float32]:
    """How much each pixel of a tile counts (side, side): Hann's window squared, in both directions, above zero.

    It is taken at pixel centres. Where tiles overlap by little, the one in which a pixel lies deeper has nearly all the
    say, as if they were cut in the middle between them, but without an edge (measured: docs/performance.md).
    """
    profile = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 4
    return np.outer(profile, profile).astype(np.float32)


class Blender:
    """The weighted mean of tiles, fed in the order of `plan_tiles`, over a region `width` pixels wide.

    Holds `side` rows, or the `height` of the region where that is less. Keeps a running mean rather than two sums: a
    pixel seen once, or always with one value, comes out with exactly that value. The first tile lies at row `top`.
    """

    def __init__(self, width: int, side: int, *, height: int | None = None, top: int = 0) -> None:
        rows = side if height is None else min(side, height)
        self._weights = tile_weights(side)
        self._mean = np.zeros((rows, width), dtype=np.float32)
        self._weight = np.zeros((rows, width), dtype=np.float32)
        self._top = top

    def feed(self, tile: Tile, values: NDArray[np.float32], valid: NDArray[np.bool_]) -> None:
        """Add `values` (height, width) of a tile where `valid`. Its row must not lie above rows already finished."""
        if tile.row < self._top:
            raise ValueError(f"Tiles must come top to bottom: rows above {self._top} are finished, got {tile.row}.")
        row = tile.row - self._top
        place = np.s_[row : row + tile.height, tile.col : tile.col + tile.width]
        mean, weight = self._mean[place], self._weight[place]
        added = np.where(valid, tile.crop(self._weights), np.float32(0))
        weight += added
        share = np.divide(added, weight, out=np.zeros_like(added), where=added > 0)
        mean += np.where(valid, values - mean, np.float32(0)) * share

    def finish(self, before: int) -> Strip:
        """Hand out, and forget, the rows above row `before` of the region; there the next tile begins.

        Rows too far above for any tile to have reached them are left out at the end of the strip.
        """
        count = min(before - self._top, len(self._mean))
        strip = Strip(self._top, np.where(self._weight[:count] > 0, self._mean[:count], np.float32(np.nan)))
        for buffer in (self._mean, self._weight):
            buffer[: len(buffer) - count] = buffer[count:]
            buffer[len(buffer) - count :] = 0
        self._top = before
        return strip
