"""Segments at several scales, nested in each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The number of no segment, where a date has no data, and of no neighbour, where none is good enough.
NONE = -1


@dataclass(frozen=True)
class Hierarchy:
    """Segments at `scales`, the finest first.

    `finest` (H, W): the number of each pixel's segment at the finest scale, NONE where there is none. `parents`: for
    each further scale, to which segment each one of the scale before belongs. Numbers run from 0 in the order in which
    segments begin on the image.
    """

    scales: tuple[float, ...]
    finest: NDArray[np.int32]
    parents: tuple[NDArray[np.int32], ...]

    @cached_property
    def tables(self) -> tuple[NDArray[np.int32], ...]:
        """For each scale, to which segment of it each one of the finest belongs."""
        count = len(self.parents[0]) if self.parents else int(self.finest.max(initial=NONE)) + 1
        tables = [np.arange(count, dtype=np.int32)]
        for parent in self.parents:
            tables.append(parent[tables[-1]])
        return tuple(tables)

    def count(self, level: int) -> int:
        """How many segments there are at the scale of that number."""
        table = self.tables[level]
        return int(table.max(initial=NONE)) + 1

    def labels(self, level: int, rows: slice = slice(None), columns: slice = slice(None)) -> NDArray[np.int32]:
        """The numbers of segments at a scale, by its number, in a part of the image (H, W)."""
        finest = self.finest[rows, columns]
        if not len(self.tables[level]):
            return finest
        return np.where(finest == NONE, NONE, self.tables[level][finest]).astype(np.int32)

    def save(self, path: Path) -> None:
        """Write it to one .npz file."""
        arrays: dict[str, Any] = {f"parent_{number}": parent for number, parent in enumerate(self.parents)}
        np.savez_compressed(path, scales=np.array(self.scales), finest=self.finest, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Hierarchy":
        with np.load(path, allow_pickle=False) as stored:
            parents: Sequence[NDArray[np.int32]] = [
                stored[f"parent_{number}"] for number in range(len(stored["scales"]) - 1)
            ]
            return cls(tuple(stored["scales"].tolist()), stored["finest"], tuple(parents))
