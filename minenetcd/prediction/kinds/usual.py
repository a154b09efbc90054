"""How an index differs between the dates where nothing changed: what season and light do, to be told from change."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minenetcd.prediction.kinds.layers import LEVELS, ZERO

#: Pixels within this of a value, before, looked alike. [index]
ALIKE = 0.1
#: Fewer pixels say nothing of what is usual.
LEAST_COMPARED = 200
#: The median absolute deviation of a normal distribution times this is its standard deviation.
TO_DEVIATION = 1.4826

_NEAR = round(ALIKE * ZERO)
_DIFFERENCES = np.arange(1 - LEVELS, LEVELS)


@dataclass(frozen=True)
class UsualChange:
    """For each level before (LEVELS,): the median difference to after of unchanged pixels, and its robust `deviation`.

    Of pixels that looked alike before, or, where these are too few, of all; NaN where all are.
    """

    median: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def of(cls, counts: NDArray[np.int64]) -> "UsualChange":
        """Of how many pixels go from one level (rows) to another (columns)."""
        by_difference = np.zeros((LEVELS, len(_DIFFERENCES)), np.int64)
        for level in range(LEVELS):
            start = LEVELS - 1 - level
            by_difference[level, start : start + LEVELS] = counts[level]
        sums = np.concatenate([np.zeros((1, len(_DIFFERENCES)), np.int64), by_difference.cumsum(axis=0)])
        whole = _median_and_deviation(sums[-1])
        found = []
        for level in range(LEVELS):
            alike = sums[min(LEVELS, level + _NEAR + 1)] - sums[max(0, level - _NEAR)]
            found.append(_median_and_deviation(alike) if alike.sum() >= LEAST_COMPARED else whole)
        median, deviation = np.array(found).T
        return cls(median, deviation)


def _median_and_deviation(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Of differences that occur so often. [index]"""
    if counts.sum() < LEAST_COMPARED:
        return float("nan"), float("nan")
    median = _weighted_median(_DIFFERENCES, counts)
    deviation = _weighted_median(np.abs(_DIFFERENCES - median), counts)
    return median / ZERO, TO_DEVIATION * deviation / ZERO


def _weighted_median(values: NDArray[np.int64], counts: NDArray[np.int64]) -> int:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(counts[order])
    return int(values[order][np.searchsorted(reached, (reached[-1] + 1) // 2)])
