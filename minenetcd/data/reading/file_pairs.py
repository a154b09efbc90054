"""Pairs whose images are files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.data.reading.headers import DecodeError, Encoded
from minenetcd.data.reading.inside import InsideFolder
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.reading.stored_pairs import EncodedPair, StoredPairs

ROLES = ("before", "after", "mask")


@dataclass(frozen=True)
class PairFiles:
    """The files of a split: names of the pairs, and for each its before, after and mask, relative to `root`.

    They lie in `root`; a pair that lacks one has "" in its place, and is refused when it is read.
    """

    root: Path
    names: Sequence[str]
    files: Sequence[tuple[str, str, str]]
    places: pd.DataFrame | None = None


class FilePairs(StoredPairs):
    """One file an image."""

    def __init__(self, pairs: PairFiles, source: str, split: str, options: ReadOptions) -> None:
        super().__init__(source, split, options)
        self._root, self._files = str(pairs.root), pairs.files
        self._folder = InsideFolder.of(pairs.root, options)
        self.names, self.places = pairs.names, pairs.places

    def encoded(self, index: int) -> EncodedPair:
        return EncodedPair(*(self._part(index, number) for number in range(len(ROLES))))

    def encoded_mask(self, index: int) -> Encoded:
        return self._part(index, ROLES.index("mask"))

    def sizes(self) -> NDArray[np.int64]:
        paths = (self._part(index, number) for index in range(len(self)) for number in range(len(ROLES)))
        return np.fromiter((os.stat(path).st_size for path in paths), np.int64).reshape(-1, 3)

    def _part(self, index: int, number: int) -> str:
        """The path of a part. DecodeError where it has none, or one that is not read."""
        file = self._files[index][number]
        if not file:
            raise DecodeError(f"it has no {ROLES[number]} image", advice="add it, or leave the pair out")
        return self._folder.file(file)

    def describe(self, index: int, part: str) -> str:
        if part in ROLES:
            return os.path.join(self._root, self._files[index][ROLES.index(part)])  # an absolute one stays what it is
        return f"Pair {self.names[index]!r} in {self.source} ({self.split})"
