"""What all marks of a desk together say: of each finest segment a value, and what it is shown as one with."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from minenetcd.errors import OptionError
from minenetcd.labelling.labels.marks import NOT_LABELLED, Mark
from minenetcd.labelling.segments.hierarchy import Hierarchy

#: Of a segment that was never split, and of one that was never merged.
ANY_LEVEL, NO_GROUP = 127, -1


class LabelState:
    """The state after `marks`, which have numbers, in order.

    `acts`: how many marks these are. `values` (N,): of each finest segment, as masks have it. A segment that was split
    is never shown coarser than the scale it was split to; segments that were merged are one at every scale, until they
    are split.
    """

    def __init__(self, hierarchy: Hierarchy, marks: Iterable[tuple[int, Mark]]) -> None:
        self.hierarchy = hierarchy
        count = hierarchy.count(0)
        self.values = np.full(count, NOT_LABELLED, np.uint8)
        self._coarsest = np.full(count, ANY_LEVEL, np.int8)
        self._groups = np.full(count, NO_GROUP, np.int64)
        self._units: dict[int, NDArray[np.int32]] = {}
        self.acts = 0
        for number, mark in marks:
            self.apply(number, mark)

    def apply(self, number: int, mark: Mark) -> None:
        """One more mark."""
        self.acts += 1
        if mark.value is not None:
            self.values[mark.members] = mark.value
        elif mark.kind == "merge":
            self._groups[mark.members] = number
        else:
            self._groups[mark.members] = NO_GROUP
            if mark.level is not None:
                self._coarsest[mark.members] = mark.level
        if mark.value is None:
            self._units.clear()

    def units(self, level: int) -> NDArray[np.int32]:
        """What each finest segment is shown as at a scale (N,): numbers that those of one segment share."""
        if level not in self._units:
            shown = np.minimum(self._coarsest, level)
            keys = np.empty(len(shown), np.int64)
            first = 0
            for each in range(level + 1):
                table, here = self.hierarchy.tables[each], shown == each
                keys[here] = first + table[here]
                first += self.hierarchy.count(each)
            merged = self._groups != NO_GROUP
            keys[merged] = first + self._groups[merged]
            self._units[level] = np.unique(keys, return_inverse=True)[1].astype(np.int32)
        return self._units[level]

    def whole(self, finest: NDArray[np.int32], level: int) -> NDArray[np.int32]:
        """All finest segments of those in which any of `finest` lie at a scale."""
        units = self.units(level)
        wanted = np.zeros(int(units.max(initial=-1)) + 1, bool)
        wanted[units[finest]] = True
        return np.flatnonzero(wanted[units]).astype(np.int32)

    def split(self, finest: int, level: int) -> Mark:
        """The mark that splits the segment in which `finest` lies at a scale. OptionError where it cannot be."""
        members = self.whole(np.array([finest]), level)
        if self._groups[finest] != NO_GROUP:
            return Mark("split", members)
        shown = min(int(self._coarsest[finest]), level)
        for finer in range(shown - 1, -1, -1):
            if len(np.unique(self.hierarchy.tables[finer][members])) > 1:
                return Mark("split", members, level=finer)
        raise OptionError(
            "A segment of several parts is needed to split, this one has none: it is of the finest scale."
        )

    def merged(self, finest: NDArray[np.int32], level: int) -> Mark:
        """The mark that makes one segment of all that any of `finest` lie in. OptionError where that is one already."""
        if len(np.unique(self.units(level)[finest])) < 2:
            raise OptionError("Two segments or more are needed to merge, got one: draw a line across several.")
        return Mark("merge", self.whole(finest, level))

    def unlabelled(self) -> NDArray[np.int32]:
        """Finest segments that nobody has labelled."""
        return np.flatnonzero(self.values == NOT_LABELLED).astype(np.int32)
