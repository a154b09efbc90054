"""Choosing a decision threshold, on other scenes than those it is judged by."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from minenetcd.evaluation.confusion import IGNORED, Confusion

LEVELS = 100


class ThresholdSearch:
    """Pooled counts at 99 thresholds at once, from histograms of the probability: add scenes, then ask."""

    def __init__(self) -> None:
        self._histogram = np.zeros((2, LEVELS), np.int64)  # (unchanged | changed, probability level)

    def add(self, probability: NDArray[np.floating], truth: NDArray[np.integer]) -> None:
        """Count one scene: probability (H, W) and truth (H, W) of 0, 1, 255 ignored."""
        known = (truth != IGNORED) & np.isfinite(probability)
        level = np.clip((probability[known] * LEVELS).astype(np.int64), 0, LEVELS - 1)
        for label in (0, 1):
            self._histogram[label] += np.bincount(level[(truth[known] == 1) == label], minlength=LEVELS)

    def confusion(self, threshold: float) -> Confusion:
        """Counts where probability >= `threshold` (a multiple of 0.01) means changed."""
        cut = round(threshold * LEVELS)
        (tn, fp), (fn, tp) = ((int(row[:cut].sum()), int(row[cut:].sum())) for row in self._histogram)
        return Confusion(tp=tp, fp=fp, fn=fn, tn=tn)

    def best(self) -> float:
        """The threshold of the highest pooled F1; among equals the one nearest to 0.5."""
        candidates: Iterable[float] = (level / LEVELS for level in range(1, LEVELS))
        return max(candidates, key=lambda t: (self.confusion(t).f1 or 0.0, -abs(t - 0.5)))
