"""How many points, and how many of them in each stratum.

Source: Cochran, "Sampling Techniques", 3rd edition, 1977, equation 5.25, which is equation 13 of Olofsson et al., "Good
practices for estimating area and assessing accuracy of land change", Remote Sensing of Environment 148, 2014; the
allocation is that of their section 5.1.2 and table 5: enough points in rare strata, the rest in proportion to area,
which keeps the intervals of user's accuracies and of areas both short.
"""

import math

import numpy as np
from numpy.typing import NDArray

from minenetcd.errors import OptionError

Numbers = NDArray[np.float64]


def needed_points(weights: Numbers, expected: Numbers, standard_error: float, pixels: int) -> int:
    """Points for a `standard_error` of the overall accuracy: shares of the map and user's accuracies (H,) of strata.

    Also for one of the share of the map that a class is: of two classes both have one variance, of more the share has
    no larger one, as long as less than half of each stratum is wrong.
    """
    deviation = np.sqrt(expected * (1 - expected))
    variance = standard_error**2 + (weights * deviation**2).sum() / pixels
    return math.ceil(float((weights * deviation).sum() ** 2 / variance))


def foreseen_error(weights: Numbers, expected: Numbers, points: NDArray[np.int64]) -> float:
    """The standard error of the overall accuracy with `points` (H,) in strata, if the `expected` accuracies hold."""
    return float(np.sqrt((weights**2 * expected * (1 - expected) / np.maximum(points, 1)).sum()))


def least_points(pixels: NDArray[np.int64], least: int) -> int:
    """Of all strata, of so many `pixels` (H,), with `least` in each that has as many."""
    return int(np.minimum(least, pixels).sum())


def allocate(points: int, pixels: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """So many `points` in strata of so many `pixels` (H,): `least` in rare ones, the rest in proportion.

    None gets more than it has pixels. OptionError where the points are too few for that.
    """
    floors = np.minimum(least, pixels)
    if points < (needed := least_points(pixels, least)):
        raise OptionError(
            f"At least {needed} points are needed, {least} in each of {np.count_nonzero(pixels)} strata, got {points}: "
            "give more (--points), or ask for fewer in each (--least)."
        )
    points = min(points, int(pixels.sum()))
    rare = np.zeros(len(pixels), bool)
    while True:
        rest = points - floors[rare].sum()
        shares = np.where(rare, 0, rest * pixels / max(1, pixels[~rare].sum()))
        below = ~rare & (shares < floors)
        if not below.any():
            return _rounded(np.where(rare, floors, np.minimum(shares, pixels)), points)
        rare |= below


def _rounded(shares: Numbers, points: int) -> NDArray[np.int64]:
    """Whole numbers that add up to `points`: those with the largest rest are rounded up."""
    whole = np.floor(shares + 1e-9).astype(np.int64)
    rests = np.argsort(whole - shares, kind="stable")
    whole[rests[: points - whole.sum()]] += 1
    return whole
