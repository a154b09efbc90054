"""One temperature for a network: what its log-odds are divided by, so that its probabilities mean what they say.

Works on histograms (2, L) int64 of the probability of change, unchanged pixels first, L levels of equal width. Source:
Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017, section 4.2.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

#: Log-odds are divided by 1/20 to 20: beyond that a network says the same everywhere.
WIDEST = math.log(20.0)
_LEAST = 2.0**-24


def fit_temperature(histogram: NDArray[np.int64]) -> float:
    """The temperature at which the pixels of `histogram` (2, L), unchanged first, are likeliest. [1]"""
    odds = _log_odds(histogram.shape[1])

    def loss(log_temperature: float) -> float:
        scaled_odds = odds / math.exp(log_temperature)
        wrong = np.logaddexp(0, scaled_odds), np.logaddexp(0, -scaled_odds)  # -log of each class's probability
        return float((histogram * wrong).sum() / histogram.sum())

    return math.exp(minimize_scalar(loss, bounds=(-WIDEST, WIDEST), method="bounded").x)


def histogram_at(histogram: NDArray[np.int64], temperature: float) -> NDArray[np.int64]:
    """The same pixels, by the level of probability that each has at `temperature`."""
    levels = histogram.shape[1]
    probability = 1 / (1 + np.exp(-_log_odds(levels) / temperature))
    place = np.minimum((probability * levels).astype(np.intp), levels - 1)
    return np.stack([np.bincount(place, row, levels) for row in histogram]).astype(np.int64)


def scaled(probability: float, temperature: float) -> float:
    """`probability` as it is at `temperature`: above 0 and below 1 as float32, too."""
    exact = 1 / (1 + math.exp(-math.log(probability / (1 - probability)) / temperature))
    return min(max(exact, _LEAST), 1 - _LEAST)


def _log_odds(levels: int) -> NDArray[np.float64]:
    """Of the middle of each level of probability."""
    middles = (np.arange(levels) + 0.5) / levels
    return np.log(middles) - np.log1p(-middles)
