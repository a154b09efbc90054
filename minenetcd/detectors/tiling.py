"""Which squares of a scene the network looks at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import LEAST_SIDE


@dataclass(frozen=True)
class Tile:
    """A square of `side` pixels at (row, col) of a region.

    `height` x `width` of it lie in the region: all of it, but where the region itself is smaller than a tile.
    """

    row: int
    col: int
    height: int
    width: int
    side: int

    def window(self, region: Window) -> Window:
        """Its pixels, in the grid in which `region` is given."""
        return Window(region.col_off + self.col, region.row_off + self.row, self.width, self.height)

    def fill(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Pixels (height, width, ...) -> (height', width', ...), mirrored at the bottom and the right where they end.

        A region smaller than a tile is filled up to multiples of LEAST_SIDE, to which trunks reduce an image, and no
        further: a network that looks at all of its image would see mirrored ground where there is none.
        """
        missing = [(0, min(-within % LEAST_SIDE, self.side - within)) for within in (self.height, self.width)]
        if missing == [(0, 0), (0, 0)]:
            return pixels
        return np.pad(pixels, missing + [(0, 0)] * (pixels.ndim - 2), mode="reflect")

    def crop(self, filled: NDArray[Any]) -> NDArray[Any]:
        """What `fill` added is taken off again: (height', width', ...) -> (height, width, ...)."""
        return filled[: self.height, : self.width]


def plan_tiles(height: int, width: int, tile: int, overlap: float) -> list[Tile]:
    """Tiles that cover a region of `height` x `width` pixels, row of tiles by row of tiles, left to right.

    `tile`: their side. `overlap`: the part of a side, 0 to below 1, that a tile shares with the next; the last of
    a row or column is moved back to end with the region, so that every tile is full of real pixels.
    """
    rows, cols = (_starts(side, tile, overlap) for side in (height, width))
    return [Tile(row, col, min(tile, height), min(tile, width), tile) for row in rows for col in cols]


def _starts(side: int, tile: int, overlap: float) -> list[int]:
    if side <= tile:
        return [0]
    step = max(1, round(tile * (1 - overlap)))
    return [*range(0, side - tile, step), side - tile]
