"""Indices of each change, and of what did not change, summed strip by strip beside the mask."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.constants import UNKNOWN
from minenetcd.prediction.kinds.layers import LEVELS, IndexLayers, as_values
from minenetcd.prediction.kinds.rules import in_words
from minenetcd.prediction.kinds.usual import UsualChange
from minenetcd.prediction.rasters.one_pass import ScenePass, grouped

#: Sums what was counted of groups over the polygons that these make up.
SumOverPolygons = Callable[[list[NDArray[Any]]], NDArray[np.float64]]

_ROWS = 64  # of unchanged pixels that are counted at a time


class IndexPass:
    """The indices of `layers`, strip by strip beside the mask of `first`, all of whose strips are written.

    Of each index: over the groups of changed pixels how many have it on both dates, and their levels; of pixels called
    unchanged, how many go from which level to which.
    """

    def __init__(self, layers: IndexLayers, first: ScenePass) -> None:
        self.layers = layers
        self._first = first
        count = len(layers.indices.names)
        self._known: list[list[NDArray[np.intp]]] = [[] for _ in range(count)]
        self._sums: list[list[NDArray[np.float64]]] = [[] for _ in range(2 * count)]
        self._unchanged = np.zeros((count, 256, 256), np.int64)

    def add(self, strips: Iterable[tuple[Window, NDArray[np.uint8]]]) -> None:
        """All strips of the layers."""
        for window, levels in strips:
            mask = self._first.read(window)
            self._count_unchanged(mask == 0, levels)
            self._sum_groups(mask == 1, levels)

    @property
    def compared(self) -> int:
        """Unchanged pixels of the index that fewest have."""
        return int(self._unchanged[:, :LEVELS, :LEVELS].sum(axis=(1, 2)).min())

    def columns(self, over_polygons: SumOverPolygons) -> dict[str, NDArray[Any]]:
        """What each polygon carries: `kind` in words, then its means on both dates; of brightness their difference."""
        columns: dict[str, NDArray[Any]] = {}
        words = []
        for place, name in enumerate(self.layers.indices.names):
            pixels = over_polygons(self._known[place])
            before, after = (self._mean(2 * place + date, pixels, over_polygons) for date in (0, 1))
            usual = UsualChange.of(self._unchanged[place, :LEVELS, :LEVELS])
            words.append(in_words(name, before, after, usual))
            if name == "brightness":
                columns["brightness_change"] = after - before
            else:
                columns |= {f"{name}_before": before, f"{name}_after": after}
        kinds = ["; ".join(filter(None, each)) for each in zip(*words, strict=True)]
        return {"kind": np.array(kinds, dtype=object), **columns}

    def _mean(self, layer: int, pixels: NDArray[np.float64], over_polygons: SumOverPolygons) -> NDArray[np.float64]:
        """NaN of a polygon none of whose pixels has the index on both dates."""
        sums = over_polygons(self._sums[layer])
        return np.where(pixels > 0, as_values(sums / np.maximum(pixels, 1)), np.nan)

    def _sum_groups(self, changed: NDArray[np.bool_], levels: NDArray[np.uint8]) -> None:
        _, numbers, places, count = grouped(changed)
        for place, known in enumerate(self._known):
            before, after = (levels[2 * place + date].ravel()[places] for date in (0, 1))
            both = (before != UNKNOWN) & (after != UNKNOWN)
            known.append(np.bincount(numbers[both], minlength=count))
            for date, values in enumerate((before, after)):
                self._sums[2 * place + date].append(np.bincount(numbers[both], values[both], count).astype(np.float64))

    def _count_unchanged(self, unchanged: NDArray[np.bool_], levels: NDArray[np.uint8]) -> None:
        for start in range(0, len(unchanged), _ROWS):
            rows = np.s_[start : start + _ROWS]
            part = unchanged[rows]
            for place, counts in enumerate(self._unchanged):
                before, after = levels[2 * place, rows][part], levels[2 * place + 1, rows][part]
                pairs = before.astype(np.uint16) * 256 + after
                counts += np.bincount(pairs, minlength=256 * 256).reshape(256, 256)
