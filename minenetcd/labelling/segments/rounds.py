"""One round: every region finds its best neighbour, and all that are each other's best merge."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from minenetcd.labelling.segments.criterion import Regions, Weights, added_heterogeneity, is_preferred, merge_into
from minenetcd.labelling.segments.hierarchy import NONE
from minenetcd.labelling.segments.neighbours import Neighbours


class RoundState(NamedTuple):
    """Where N regions stand: into which one each went (`into`, itself while it is there), which neighbour is its
    `best`, at which `cost`, in which round it last `changed`, and when it was last `due` to look around."""

    into: NDArray[np.int32]
    best: NDArray[np.int32]
    cost: NDArray[np.float32]
    changed: NDArray[np.int32]
    due: NDArray[np.int32]


@njit(cache=True, nogil=True)
def find_best(
    regions: Regions,
    neighbours: Neighbours,
    state: RoundState,
    due: NDArray[np.int32],
    number: int,
    weights: Weights,
    slots: NDArray[np.int32],
    first: int,
    last: int,
) -> None:
    """The best neighbours of regions `due[first:last]` in round `number`.

    Their entries are brought up to date: regions that went into others are called by these, and named once. Costs are
    computed only where one of both changed in the last round. slots (N,) is scratch memory of this thread.
    """
    for place in range(first, last):
        region = due[place]
        start = neighbours.start[region]
        length = _name_once(neighbours, state, region, slots)
        has_changed = state.changed[region] == number
        best, least = NONE, np.float32(np.inf)
        for entry in range(start, start + length):
            other = neighbours.region[entry]
            if has_changed or state.changed[other] == number:
                shared = neighbours.shared[entry]
                neighbours.cost[entry] = added_heterogeneity(regions, region, other, shared, weights)
            cost = neighbours.cost[entry]
            if cost < least or (cost == least and is_preferred(regions.places, region, other, best)):
                best, least = other, cost
        state.best[region], state.cost[region] = best, least


@njit(cache=True, nogil=True, inline="always")
def _name_once(neighbours: Neighbours, state: RoundState, region: int, slots: NDArray[np.int32]) -> int:
    start, length = neighbours.start[region], 0
    for entry in range(start, start + neighbours.length[region]):
        other = neighbours.region[entry]
        while state.into[other] != other:
            other = state.into[other]
        if other == region:
            continue
        slot = slots[other]  # of an earlier region, or never written, unless the entry there names `other`
        if 0 <= slot < length and neighbours.region[start + slot] == other:
            neighbours.shared[start + slot] += neighbours.shared[entry]
            continue
        slots[other] = length
        neighbours.region[start + length] = other
        neighbours.shared[start + length] = neighbours.shared[entry]
        neighbours.cost[start + length] = neighbours.cost[entry]
        length += 1
    neighbours.length[region] = length
    return length


@njit(cache=True, nogil=True)
def mutual_pairs(
    state: RoundState, due: NDArray[np.int32], number: int, threshold: np.float32, pairs: NDArray[np.int32]
) -> int:
    """Regions among `due` that are each other's best at a cost below `threshold`, into pairs (N, 2); their count."""
    count = 0
    for place in range(due.size):
        region = due[place]
        other = state.best[region]
        if other == NONE or state.best[other] != region or not state.cost[region] < threshold:
            continue
        if region < other or state.due[other] != number:
            pairs[count, 0], pairs[count, 1] = min(region, other), max(region, other)
            count += 1
    return count


@njit(cache=True, nogil=True)
def room_needed(neighbours: Neighbours, pairs: NDArray[np.int32]) -> int:
    """Entries of the blocks that the merged `pairs` get."""
    entries = 0
    for pair in range(len(pairs)):
        entries += neighbours.length[pairs[pair, 0]] + neighbours.length[pairs[pair, 1]]
    return entries


@njit(cache=True, nogil=True)
def merge_pairs(
    regions: Regions,
    neighbours: Neighbours,
    state: RoundState,
    pairs: NDArray[np.int32],
    number: int,
    weights: Weights,
    free: int,
) -> int:
    """Merge `pairs`, whose blocks go to the pool from `free` on; where it is free then."""
    for pair in range(len(pairs)):
        one, other = pairs[pair, 0], pairs[pair, 1]
        shared = 0
        begin = free
        for region in (one, other):
            start = neighbours.start[region]
            for entry in range(start, start + neighbours.length[region]):
                near = neighbours.region[entry]
                if near == other:
                    shared = neighbours.shared[entry]
                if near in (one, other):
                    continue
                neighbours.region[free] = near
                neighbours.shared[free] = neighbours.shared[entry]
                free += 1
        merge_into(regions, one, other, shared, weights)
        state.into[other] = one
        state.changed[one] = number
        neighbours.start[one], neighbours.length[one] = begin, free - begin
    return free


@njit(cache=True, nogil=True)
def next_due(
    neighbours: Neighbours, state: RoundState, pairs: NDArray[np.int32], number: int, due: NDArray[np.int32]
) -> int:
    """The merged regions of `pairs` and their neighbours, who look around in round `number`, into due; their count."""
    count = 0
    for pair in range(len(pairs)):
        one = pairs[pair, 0]
        if state.due[one] != number:
            state.due[one] = number
            due[count] = one
            count += 1
        start = neighbours.start[one]
        for entry in range(start, start + neighbours.length[one]):
            near = state.into[neighbours.region[entry]]
            if state.due[near] != number:
                state.due[near] = number
                due[count] = near
                count += 1
    return count
