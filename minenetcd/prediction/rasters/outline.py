"""How much of the outline of what changed lies beside pixels without data, counted strip by strip.

An outline is made of the sides of pixels between what changed and what did not; beyond the edge of a scene there is no
data. A change whose outline lies beside missing pixels may go on there.
"""

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import UNKNOWN

#: Columns of the counts of an outline: all of its pixel sides, and those with no data beyond.
SIDES, UNSEEN = 0, 1


class Outlines:
    """Counts the outlines of the groups of changed pixels of strips, which come from top to bottom."""

    def __init__(self, width: int) -> None:
        self._above = np.full(width, UNKNOWN, dtype=np.uint8)  # the row of the mask over the next strip
        self._open: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None  # counts, and groups, of that row

    def of(self, mask: NDArray[np.uint8], groups: NDArray[np.int32]) -> NDArray[np.int64]:
        """(G, 2) of a strip (H, W) of 0, 1 and UNKNOWN, and the `groups` (H, W) of its changed pixels, from 1 on.

        Sides below its last row are added when the next strip comes, or at the `end`.
        """
        counts = np.zeros((groups.max(initial=0) + 1, 2), dtype=np.int64)
        framed = np.pad(mask, ((0, 0), (1, 1)), constant_values=UNKNOWN)
        _add(counts, groups, framed[:, :-2])
        _add(counts, groups, framed[:, 2:])
        _add(counts, groups, np.vstack([self._above, mask[:-1]]))
        _add(counts, groups[:-1], mask[1:])
        self._close(mask[0])
        self._above, self._open = mask[-1].copy(), (counts, groups[-1].copy())
        return counts[1:]

    def end(self) -> None:
        """No strip comes any more."""
        self._close(np.full(len(self._above), UNKNOWN, dtype=np.uint8))
        self._open = None

    def _close(self, below: NDArray[np.uint8]) -> None:
        if self._open is not None:
            _add(*self._open, below)


def _add(counts: NDArray[np.int64], groups: NDArray[np.int32], beside: NDArray[np.uint8]) -> None:
    """Count the sides between `groups` and the pixels `beside` them, both of one shape."""
    is_side = (groups > 0) & (beside != 1)
    mine, other = groups[is_side], beside[is_side]
    counts[:, SIDES] += np.bincount(mine, minlength=len(counts))
    counts[:, UNSEEN] += np.bincount(mine[other == UNKNOWN], minlength=len(counts))
