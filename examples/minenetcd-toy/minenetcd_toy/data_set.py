"""A data set: anything with a length and items (before, after, mask)."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


class Squares:
    """`pairs` images of `side` x `side` pixels, drawn when they are read: a bright square is new in each of them.

    Options come as words: "squares?pairs=100&side=128".
    """

    splits = ("train", "val", "test")

    def __init__(self, split: str, *, pairs: str = "16", side: str = "64") -> None:
        self.seed, self.pairs, self.side = self.splits.index(split), int(pairs), int(side)

    def __len__(self) -> int:
        return self.pairs

    def __getitem__(self, index: int) -> tuple[Pixels, Pixels, Pixels]:
        rng = np.random.default_rng((self.seed, index))
        before = rng.integers(40, 120, (self.side, self.side, 3), dtype=np.uint8)
        after, mask = before.copy(), np.zeros((self.side, self.side), dtype=np.uint8)
        row, column = rng.integers(0, self.side // 2, 2)
        square = (slice(row, row + self.side // 3), slice(column, column + self.side // 3))
        after[square], mask[square] = 220, 1
        return before, after, mask
