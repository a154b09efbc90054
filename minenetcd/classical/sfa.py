"""Slow features: what varies least between the dates, again and again on the pixels that did not change (ISFA).

Source: Wu, Du, Zhang, "Slow feature analysis for change detection in multispectral imagery", TGRS 2014.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import eigh

from minenetcd.classical.detector import Paper
from minenetcd.classical.reweighted import ReweightedDetector
from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.linear import LinearStatistic
from minenetcd.geo.no_change.passes import LEAST_VARIANCE, MOST_PASSES, TOLERANCE, Pass, passes, regular
from minenetcd.geo.no_change.pixels import Moments, ScenePixels


@dataclass(frozen=True, kw_only=True)
class ISFA(ReweightedDetector):
    """sqrt(T), T = sum of d_i^2 / lambda_i over the differences d_i of the slow features.

    Weights are 1 - chi2.cdf(T, p). It ends when no sqrt(lambda) moves by `tolerance`, at the latest after `passes`;
    with `passes=1` it is SFA.
    """

    name: ClassVar[str] = "isfa"
    measures: ClassVar[str] = "differences of slow features, learned again and again on what did not change"
    paper: ClassVar[Paper] = Paper(
        "Slow feature analysis for change detection in multispectral imagery",
        "Wu, Du, Zhang",
        "IEEE TGRS",
        2014,
        "10.1109/TGRS.2013.2266673",
    )

    def learn(self, pixels: ScenePixels, sample: Sequence[Pair]) -> LinearStatistic:
        return isfa(pixels, tolerance=self.tolerance, most=self.passes).statistic


def isfa(pixels: ScenePixels, *, tolerance: float = TOLERANCE, most: int = MOST_PASSES) -> Pass:
    """The pass that counts; `roots` are the sqrt(lambda).

    A pass that finds them where they were only confirms the one before it, which counts (the goldens say so).
    """
    made = passes(pixels, slow_features, most)
    counts = next(made)
    for each in made:
        if np.abs(each.roots - counts.roots).max() < tolerance:
            break
        counts = each
    return counts


def slow_features(moments: Moments) -> Pass:
    """Combinations e of the bands, A e = lambda B e: A the covariance of the difference of the dates, B the mean of
    their covariances, each band of each date first brought to mean 0 and deviation 1 under the same weights."""
    bands = len(moments.mean) // 2
    deviation = moments.deviation
    scaled = moments.covariance / np.outer(deviation, deviation)
    first, second, between = scaled[:bands, :bands], scaled[bands:, bands:], scaled[:bands, bands:]
    slowness, features = eigh(first + second - between - between.T, regular((first + second) / 2))
    features = features / np.sqrt(np.maximum(slowness, LEAST_VARIANCE))
    mean = moments.mean
    return Pass(
        LinearStatistic(
            mean[:bands],
            features / deviation[:bands, np.newaxis],
            mean[bands:],
            features / deviation[bands:, np.newaxis],
        ),
        np.sqrt(np.maximum(slowness, 0)),
        float(slowness[0]),
    )
