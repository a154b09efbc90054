"""What was read last, kept in memory as far as there is room."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from numpy.typing import NDArray


class RecentArrays:
    """Arrays by key, those asked for last: as many as `most` bytes hold, but one at least."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0
        self._kept: OrderedDict[Hashable, NDArray[Any]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The array of that key; it is made where it is not kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        array = make()
        self.held += array.nbytes
        while self._kept and self.held > self.most:
            self.held -= self._kept.popitem(last=False)[1].nbytes
        self._kept[key] = array
        return array
