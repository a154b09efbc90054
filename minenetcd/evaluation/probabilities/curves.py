"""What a detector's probabilities are worth, whatever the threshold: precision-recall curve and calibration.

Works on histograms (2, L) int64 of the probability of change, unchanged pixels first, L levels of equal width: they add
up over tiles and processes. Results are exact for probabilities in the middle of a level, and off by half a level
(0.0005 with 1000) at most for others.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.constants import UNKNOWN

LEVELS = 1000
BINS = 20


class PrecisionRecall(NamedTuple):
    """Precision and recall (N,) where probability >= threshold means changed, from the highest threshold down."""

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


class Reliability(NamedTuple):
    """Per bin of probability that holds pixels (N,): mean probability, share that did change, pixels."""

    probability: NDArray[np.float64]
    changed: NDArray[np.float64]
    pixels: NDArray[np.int64]


def probability_histogram(probability: Tensor, truth: Tensor, *, levels: int = LEVELS) -> Tensor:
    """Pixels by truth and level of probability, int64 (2, levels), on the device of the images.

    `probability` and `truth` have one shape; truth holds 0 unchanged, 1 changed, 255 ignored. A pixel is in level k
    or above exactly where probability >= k / levels; what is no number is in the lowest.
    """
    known = truth != UNKNOWN
    values, changed = probability[known], truth[known] == 1
    values = values.to(torch.promote_types(values.dtype, torch.float32))
    edges = torch.arange(levels + 1, device=values.device, dtype=values.dtype) / levels
    edges[0], edges[-1] = -torch.inf, torch.inf
    level = (values * levels).long().clamp(0, levels - 1)
    level = level + (values >= edges[level + 1]).long() - (values < edges[level]).long()  # the product was rounded
    return torch.bincount(level + levels * changed, minlength=2 * levels).view(2, levels)


def precision_recall(histogram: NDArray[np.int64]) -> PrecisionRecall | None:
    """A point for each level that holds pixels; None without any changed pixel."""
    if not histogram[1].any():
        return None
    held = np.flatnonzero(histogram.sum(axis=0))[::-1]
    false, true = histogram[:, held].cumsum(axis=1)
    return PrecisionRecall(held / histogram.shape[1], true / (true + false), true / true[-1])


def average_precision(histogram: NDArray[np.int64]) -> float | None:
    """Sum of precision times the step in recall, without interpolation; None without any changed pixel."""
    curve = precision_recall(histogram)
    if curve is None:
        return None
    return float((np.diff(curve.recall, prepend=0) * curve.precision).sum())


def reliability(histogram: NDArray[np.int64], bins: int = BINS) -> Reliability:
    """Mean probability against the share that did change, in `bins` equal bins of probability."""
    levels = histogram.shape[1]
    middles, pixels = (np.arange(levels) + 0.5) / levels, histogram.sum(axis=0)
    place = (middles * bins).astype(np.int64)
    total, changed, probability = (np.bincount(place, part, bins) for part in (pixels, histogram[1], pixels * middles))
    held = total > 0
    return Reliability(probability[held] / total[held], changed[held] / total[held], total[held].astype(np.int64))


def calibration_error(histogram: NDArray[np.int64], bins: int = BINS) -> float | None:
    """Expected calibration error: mean over pixels of |mean probability - share changed| of their bin.

    Source: Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015,
    with the probability of change for confidence. None where nothing was counted.
    """
    probability, changed, pixels = reliability(histogram, bins)
    return float(np.average(np.abs(probability - changed), weights=pixels)) if len(pixels) else None
