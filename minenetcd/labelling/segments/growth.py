"""Regions that grow from scale to scale, in rounds, on several threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from minenetcd.labelling.segments.criterion import Regions, Weights, kept
from minenetcd.labelling.segments.hierarchy import NONE
from minenetcd.labelling.segments.neighbours import Neighbours, repacked, touching
from minenetcd.labelling.segments.pixels import best_pixels, first_regions, number_pairs
from minenetcd.labelling.segments.rounds import (
    RoundState,
    find_best,
    merge_pairs,
    mutual_pairs,
    next_due,
    room_needed,
)

#: Two look for neighbours at a time; the rest of a round is one thread's.
THREADS = 2

#: Below so many regions a second thread costs more than it saves.
WORTH_A_THREAD = 4096


class Growth:
    """The regions of an image as they merge; a context manager, for its threads.

    levels: float32 (H, W, C), valid: bool (H, W). `origin`: row and column of the first pixel on the grid.
    `labels` (H, W): the number of each pixel's region after the last `grow`, NONE where nothing is valid.
    """

    def __init__(
        self, levels: NDArray[np.float32], valid: NDArray[np.bool_], origin: tuple[int, int], weights: Weights
    ) -> None:
        self._weights = weights
        self._threads = ThreadPoolExecutor(THREADS)
        self._levels: NDArray[np.float32] | None = levels
        self._valid = valid
        self._origin = origin
        self.labels = np.full(valid.shape, NONE, np.int32)
        self._round = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)

    def grow(self, scale: float) -> NDArray[np.int32]:
        """Merge all that costs less than the square of `scale`.

        The region into which each went of those that were there after the last call (of all pixels, the first time, in
        `labels`): numbers from 0, in the order in which regions begin on the image.
        """
        threshold = np.float32(scale * scale)
        is_first = self._levels is not None
        if is_first:
            self._begin(threshold)
        self._table = np.arange(self.count, dtype=np.int32)
        self._due = np.arange(self.count, dtype=np.int32)
        self._state.due[:] = self._round
        while self._merge(threshold):
            pass
        self._renumber()
        if is_first:
            _through(self._table, self.labels)
        return self._table

    @property
    def count(self) -> int:
        """How many regions there are."""
        return len(self._state.into)

    def _begin(self, threshold: np.float32) -> None:
        levels, self._levels = self._levels, None
        assert levels is not None
        best = np.empty(self._valid.size, np.int32)
        height = len(self._valid)
        self._on_threads(
            height, self._valid.size,
            lambda _, first, last: best_pixels(
                levels, self._valid, self._origin, self._weights, threshold, best, first, last
            ),
        )  # fmt: skip
        count = number_pairs(self._valid.reshape(-1), best, self.labels.reshape(-1))
        self._regions: Regions = first_regions(levels, self.labels.reshape(-1), count, self._origin, self._weights)
        self._neighbours: Neighbours = touching(self.labels, count)
        self._free = int(self._neighbours.length.sum(dtype=np.int64))
        self._state = RoundState(
            into=np.arange(count, dtype=np.int32), best=np.full(count, NONE, np.int32),
            cost=np.full(count, np.inf, np.float32), changed=np.zeros(count, np.int32), due=np.zeros(count, np.int32),
        )  # fmt: skip
        self._make_scratch()
        self._due = np.arange(count, dtype=np.int32)
        self._find_best_neighbours()

    def _make_scratch(self) -> None:
        self._slots = [np.zeros(self.count, np.int32) for _ in range(THREADS)]
        self._pairs = np.empty((self.count // 2 + 1, 2), np.int32)
        self._list = np.empty(self.count, np.int32)

    def _merge(self, threshold: np.float32) -> bool:
        """One round; whether anything merged."""
        merging = mutual_pairs(self._state, self._due, self._round, threshold, self._pairs)
        if not merging:
            return False
        pairs = self._pairs[:merging]
        room = room_needed(self._neighbours, pairs)
        if self._free + room > len(self._neighbours.region):
            self._renumber(room)
            return self._merge(threshold)
        self._round += 1
        self._free = merge_pairs(
            self._regions, self._neighbours, self._state, pairs, self._round, self._weights, self._free
        )
        self._due = self._list[: next_due(self._neighbours, self._state, pairs, self._round, self._list)].copy()
        self._find_best_neighbours()
        return True

    def _find_best_neighbours(self) -> None:
        self._on_threads(
            len(self._due), len(self._due),
            lambda thread, first, last: find_best(
                self._regions, self._neighbours, self._state, self._due, self._round, self._weights,
                self._slots[thread], first, last,
            ),
        )  # fmt: skip

    def _renumber(self, room: int = 0) -> None:
        """Leave out regions that went into others, and get `room` for blocks of neighbours."""
        into = self._state.into
        alive = np.flatnonzero(into == np.arange(self.count, dtype=np.int32))
        new = np.full(self.count, NONE, np.int32)
        new[alive] = np.arange(len(alive), dtype=np.int32)
        resolved = _resolved(into, new)
        _through(resolved, self._table)
        self._due = new[self._due]
        self._regions = kept(self._regions, alive)
        self._neighbours, self._free = repacked(self._neighbours, alive, resolved, room)
        state = self._state
        self._state = RoundState(
            into=np.arange(len(alive), dtype=np.int32), best=_named(state.best[alive], resolved),
            cost=state.cost[alive], changed=state.changed[alive], due=state.due[alive],
        )  # fmt: skip
        self._make_scratch()

    def _on_threads(self, items: int, work: int, call: Callable[[int, int, int], Any]) -> None:
        """`call(thread, first, last)` for `items`, divided among threads where there is `work` for more than one."""
        if work < WORTH_A_THREAD:
            call(0, 0, items)
            return
        ends = [items * thread // THREADS for thread in range(THREADS + 1)]
        calls = [self._threads.submit(call, thread, ends[thread], ends[thread + 1]) for thread in range(THREADS)]
        for each in calls:
            each.result()


def _resolved(into: NDArray[np.int32], new: NDArray[np.int32]) -> NDArray[np.int32]:
    """The new number of the region into which each went in the end."""
    while True:
        further = into[into]
        if np.array_equal(further, into):
            return new[into]
        into = further


def _named(best: NDArray[np.int32], new: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.where(best == NONE, NONE, new[best]).astype(np.int32)


def _through(table: NDArray[np.int32], numbers: NDArray[np.int32]) -> None:
    """Replace `numbers` by what `table` says of them; NONE stays."""
    if len(table):
        np.copyto(numbers, table[numbers], where=numbers != NONE)
