"""What IR-MAD and ISFA have in common: a statistic learned again and again on the pixels that did not change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from minenetcd.geo.no_change.chi_square import upper_tail
from minenetcd.geo.no_change.linear import LinearStatistic
from minenetcd.geo.no_change.pixels import Floats, Moments, ScenePixels

#: What is added to the diagonal of a covariance whose bands depend on each other, as a part of its trace.
RIDGE = 1e-9
#: Of a difference of variates, so that dates which are equal divide nothing by nothing.
LEAST_VARIANCE = 1e-9
#: Below this variance of their difference, variates of variance 1 are equal.
EQUAL = 1e-6
#: When passes end: roots move less than this, or so many are made.
TOLERANCE, MOST_PASSES = 1e-3, 100
_SINGULAR = 1e-11  # smallest eigenvalue of a correlation matrix, as a part of its trace


@dataclass(frozen=True)
class Pass:
    """What one pass found: a statistic whose square is distributed as chi-square where nothing changed, and `roots`
    (p,), ascending, by which passes are compared: canonical correlations, or eigenvalues. `least_variance` is that of
    the steadiest difference of variates, of 1."""

    statistic: LinearStatistic
    roots: Floats
    least_variance: float


def passes(pixels: ScenePixels, solve: Callable[[Moments], Pass], most: int) -> Iterator[Pass]:
    """Up to `most` passes, the first with weights 1, each other with the probability of no change by the one before.

    Ends before a pass that is not sound: its weights sum up to less than 10 p, leave a band without variance, or find
    variates that are equal, as on nearly equal images, and where whole numbers repeat.
    """
    found = solve(pixels.whole)
    yield found

    for _ in range(most - 1):
        moments = pixels.moments(no_change(found.statistic))
        if not moments.is_sound(pixels.whole):
            return
        found = solve(moments)
        if found.least_variance < EQUAL:
            return
        yield found


def no_change(statistic: LinearStatistic) -> Callable[[Floats, Floats], Floats]:
    """The probability that nothing changed, by a statistic whose square is distributed as chi-square there."""

    def probability(before: Floats, after: Floats) -> Floats:
        """(n, p) twice -> (n,)"""
        return upper_tail(len(statistic.mean_before), statistic.squared(before, after))

    return probability


def regular(covariance: Floats) -> Floats:
    """A covariance that can be inverted: with a ridge where its bands depend on each other."""
    deviation = np.sqrt(np.diag(covariance))
    least = np.linalg.eigvalsh(covariance / np.outer(deviation, deviation))[0]
    if least > _SINGULAR * len(covariance):
        return covariance
    ridged: Floats = covariance + RIDGE * np.trace(covariance) * np.eye(len(covariance))
    return ridged
