"""Which regions touch: for each a block of entries in one pool."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from minenetcd.labelling.segments.hierarchy import NONE

#: Room for blocks of merged regions, as a share of the entries there are.
SLACK = 0.9


class Neighbours(NamedTuple):
    """The neighbours of N regions: block `start[i]` to `start[i] + length[i]` of E entries.

    An entry: the number of a `region`, the pixel sides `shared` with it, and the `cost` of merging both.
    """

    start: NDArray[np.int64]
    length: NDArray[np.int32]
    region: NDArray[np.int32]
    shared: NDArray[np.int32]
    cost: NDArray[np.float32]


def touching(labels: NDArray[np.int32], count: int) -> Neighbours:
    """The neighbours of `count` regions, numbered by labels (H, W); a region is named once for each side they share."""
    length = np.zeros(count, np.int32)
    _add_touching(labels, length, np.zeros(count, np.int64), np.empty(0, np.int32))
    start = np.concatenate([[0], np.cumsum(length[:-1], dtype=np.int64)]) if count else np.zeros(0, np.int64)
    room = _with_slack(int(length.sum(dtype=np.int64)))
    neighbours = Neighbours(
        start, length, np.empty(room, np.int32), np.ones(room, np.int32), np.empty(room, np.float32)
    )
    length[:] = 0
    _add_touching(labels, length, start, neighbours.region)
    return neighbours


def repacked(
    neighbours: Neighbours, alive: NDArray[np.intp], new: NDArray[np.int32], free: int
) -> tuple[Neighbours, int]:
    """The blocks of regions `alive` side by side, with regions named by `new`, and where the pool is free.

    At least `free` entries of it are.
    """
    length = neighbours.length[alive]
    start = np.concatenate([[0], np.cumsum(length[:-1], dtype=np.int64)])
    used = int(length.sum(dtype=np.int64))
    room = used + max(free, _with_slack(used) - used)
    packed = Neighbours(start, length, np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.float32))
    _copy_blocks(neighbours, packed, alive, new)
    return packed, used


def _with_slack(entries: int) -> int:
    return entries + int(SLACK * entries) + 1024


@njit(cache=True, nogil=True)
def _add_touching(
    labels: NDArray[np.int32], length: NDArray[np.int32], start: NDArray[np.int64], entries: NDArray[np.int32]
) -> None:
    """Add both regions of each side between two pixels to each other's blocks; without any `entries` only count."""
    height, width = labels.shape
    for row in range(height):
        for column in range(width):
            region = labels[row, column]
            if region == NONE:
                continue
            for side in range(2):
                near_row, near_column = row + (side == 1), column + (side == 0)
                if near_row < height and near_column < width:
                    other = labels[near_row, near_column]
                    if other != NONE and other != region:
                        if entries.size:
                            entries[start[region] + length[region]] = other
                            entries[start[other] + length[other]] = region
                        length[region] += 1
                        length[other] += 1


@njit(cache=True, nogil=True)
def _copy_blocks(old: Neighbours, packed: Neighbours, alive: NDArray[np.intp], new: NDArray[np.int32]) -> None:
    for number in range(alive.size):
        source, target = old.start[alive[number]], packed.start[number]
        for entry in range(packed.length[number]):
            packed.region[target + entry] = new[old.region[source + entry]]
            packed.shared[target + entry] = old.shared[source + entry]
            packed.cost[target + entry] = old.cost[source + entry]
