"""Intervals that hold for small samples: exact, from the binomial distribution.

Source: Clopper, Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
Biometrika 26, 1934.
"""

from typing import NamedTuple

from scipy.stats import beta

SURE = 0.95


class ExactInterval(NamedTuple):
    """Between which a share lies; at least 95 % of such intervals hold it."""

    low: float
    high: float


def exact_interval(successes: int, trials: int) -> ExactInterval:
    """Two-sided, of a share seen `successes` times in `trials`, at least one."""
    return ExactInterval(
        1 - upper_bound(trials - successes, trials, (1 + SURE) / 2), upper_bound(successes, trials, (1 + SURE) / 2)
    )


def upper_bound(successes: int, trials: int, sure: float = SURE) -> float:
    """Below which a share lies, with the certainty `sure` (one-sided)."""
    return 1.0 if successes == trials else float(beta.ppf(sure, successes + 1, trials - successes))
