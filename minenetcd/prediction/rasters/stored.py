"""How a probability is kept in a file, and the one rule by which it means "changed"."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import UNKNOWN

STEPS = 254  # uint8 0 to 254 stands for probability 0 to 1
ROWS = 64  # that are encoded at a time


@dataclass(frozen=True)
class StoredProbability:
    """Probability as uint8 (value / 254, 255 no data) or, `as_float`, as float32 (NaN no data).

    A pixel is changed where the *stored* probability, `decode(stored)`, is at least `threshold` in float32. So the
    mask follows from the file. Rounding to 254 steps never crosses the threshold: it goes to the nearest step on the
    same side, so that the mask is also the one of the probability before it was stored.
    """

    threshold: float
    as_float: bool = False

    @property
    def dtype(self) -> str:
        return "float32" if self.as_float else "uint8"

    @property
    def nodata(self) -> float:
        return float("nan") if self.as_float else UNKNOWN

    @property
    def scale(self) -> float | None:
        """What a step stands for; None of numbers that are probabilities themselves."""
        return None if self.as_float else 1 / STEPS

    def encode(self, probability: NDArray[np.float32]) -> NDArray[Any]:
        """float32, NaN where there is no data -> what is stored; some rows at a time, which takes less memory."""
        if self.as_float:
            return probability.astype(np.float32)
        stored = np.empty(probability.shape, np.uint8)
        for start in range(0, len(probability), ROWS):
            stored[start : start + ROWS] = self._steps(probability[start : start + ROWS])
        return stored

    def _steps(self, probability: NDArray[np.float32]) -> NDArray[np.uint8]:
        known = np.isfinite(probability)
        exact = np.where(known, probability, np.float32(0))
        steps = np.rint(exact * STEPS)
        first = self.first_changed_step
        steps = np.where(exact >= np.float32(self.threshold), np.maximum(steps, first), np.minimum(steps, first - 1))
        return np.where(known, np.clip(steps, 0, STEPS), UNKNOWN).astype(np.uint8)

    def decode(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """What is stored -> float32 0 to 1, NaN where there is no data."""
        if self.as_float:
            return stored
        return np.where(stored == UNKNOWN, np.float32(np.nan), stored.astype(np.float32) / np.float32(STEPS))

    def mask(self, stored: NDArray[Any]) -> NDArray[np.uint8]:
        """What is stored -> 1 changed, 0 unchanged, 255 not known."""
        if not self.as_float:
            is_changed = (stored >= self.first_changed_step).view(np.uint8)
            return np.where(stored == UNKNOWN, np.uint8(UNKNOWN), is_changed)
        probability = self.decode(stored)
        changed = (probability >= np.float32(self.threshold)).astype(np.uint8)
        return np.where(np.isnan(probability), np.uint8(UNKNOWN), changed)

    @property
    def first_changed_step(self) -> int:
        """The smallest of the 254 steps that counts as changed."""
        steps = np.arange(STEPS + 1, dtype=np.float32) / np.float32(STEPS)
        return int(np.searchsorted(steps, np.float32(self.threshold), side="left"))
