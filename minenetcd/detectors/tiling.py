"""Which squares of a scene the network looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import LEAST_SIDE


@dataclass(frozen=True)
class Tile:
    """A square of `side` pixels at (row, col) of a region.

    `height` x `width` of it lie in the region: all of it, but where it reaches beyond the region's end.
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

        What lies in the region is filled up to multiples of LEAST_SIDE, to which trunks reduce an image, and no
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

    `tile`: their side. `overlap`: the least part of a side, 0 to below 1, that a tile shares with the next. Tiles that
    overlap begin at multiples of LEAST_SIDE, where steps are long enough and their side is one, too: trunks reduce an
    image to so much less, and in between they answer otherwise of the same ground. So the last tile of a row or column
    may reach a little beyond the region; of other tiles it is moved back to end with it.
    """
    rows, cols = (_starts(side, tile, overlap) for side in (height, width))
    return [Tile(row, col, min(tile, height - row), min(tile, width - col), tile) for row in rows for col in cols]


def looks(plan: Sequence[Tile], height: int, width: int) -> float:
    """How often the tiles of a plan read each pixel of its region, in the mean."""
    return sum(tile.height * tile.width for tile in plan) / (height * width)


def _starts(side: int, tile: int, overlap: float) -> list[int]:
    if side <= tile:
        return [0]
    step = max(1, round(tile * (1 - overlap)))
    is_on_lattice = overlap > 0 and tile % LEAST_SIDE == 0 and step >= 2 * LEAST_SIDE
    lattice = LEAST_SIDE if is_on_lattice else 1
    last = -(-(side - tile) // lattice) * lattice
    return [*range(0, last, step - step % lattice), last]
