"""Counts first: the metrics of section 5.4 (equations 7 to 11) from one pooled confusion count."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from minenetcd.errors import SizeError

IGNORED = 255


@dataclass(frozen=True)
class Confusion:
    """Pixels by truth and prediction. Counts add up over tiles, scenes and processes; ratios do not.

    A ratio whose denominator is zero is undefined and given as None.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    @classmethod
    def count(cls, prediction: NDArray[np.integer], truth: NDArray[np.integer]) -> Self:
        """Compare two masks of one shape holding 0 unchanged, 1 changed, 255 ignored (in either of them)."""
        if prediction.shape != truth.shape:
            raise SizeError(f"Masks to compare need one shape, got {prediction.shape} and {truth.shape}: crop one.")
        known = (prediction != IGNORED) & (truth != IGNORED)
        code = 2 * (truth[known] == 1).astype(np.int64) + (prediction[known] == 1)
        tn, fp, fn, tp = np.bincount(code, minlength=4).tolist()
        return cls(tp=tp, fp=fp, fn=fn, tn=tn)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    @property
    def oa(self) -> float | None:
        """Overall accuracy (equation 7)."""
        return _ratio(self.tp + self.tn, self.tp + self.tn + self.fp + self.fn)

    @property
    def precision(self) -> float | None:
        """Equation 8."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Equation 9."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """F1 of the changed class (equation 10)."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def ciou(self) -> float | None:
        """Intersection over union of the changed class (equation 11)."""
        return _ratio(self.tp, self.tp + self.fp + self.fn)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
