"""Choosing a decision threshold, on other scenes than those it is judged by.

Works on histograms (2, L) int64 of the probability of change, unchanged pixels first, L levels of equal width:
they add up over scenes and processes, and hold the counts at every threshold at once.
"""

import numpy as np
from numpy.typing import NDArray

from minenetcd.evaluation.confusion import Confusion

#: Thresholds that are tried lie this far apart.
STEP = 0.01


def confusion_at(histogram: NDArray[np.int64], threshold: float) -> Confusion:
    """Counts where probability >= `threshold` (to the width of a level) means changed."""
    cut = round(threshold * histogram.shape[1])
    (tn, fp), (fn, tp) = ((int(row[:cut].sum()), int(row[cut:].sum())) for row in histogram)
    return Confusion(tp=tp, fp=fp, fn=fn, tn=tn)


def best_threshold(histogram: NDArray[np.int64]) -> float:
    """The threshold, 0.01 to 0.99, of the highest pooled F1; among equals the one nearest to 0.5."""
    candidates = [round(number * STEP, 2) for number in range(1, round(1 / STEP))]
    return max(candidates, key=lambda t: (confusion_at(histogram, t).f1 or 0.0, -abs(t - 0.5)))
