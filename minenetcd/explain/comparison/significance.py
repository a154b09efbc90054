"""Whether one detector is better than another, or was lucky with these images.

Sources: McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
Psychometrika 1947, with the correction of Edwards, Psychometrika 1948; Efron, Tibshirani, "An Introduction to the
Bootstrap", 1993 (percentile intervals; permutation tests of paired data).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from minenetcd.evaluation.by_site import RESAMPLES, SEED, Interval
from minenetcd.evaluation.confusion import Confusion
from minenetcd.explain.comparison.joint_counts import confusion, only_right

COMPARED = ("oa", "precision", "recall", "f1", "ciou")

#: With so many groups or fewer, all ways to exchange the detectors are tried; beyond, SWAPS of them, drawn.
MOST_EXACT_GROUPS = 12
SWAPS = 4000


@dataclass(frozen=True)
class McNemar:
    """Pixels in which a alone, and b alone, is right; whether that could be chance if pixels were independent.

    They are not: a pixel is as its neighbours are. The counts are exact, the p-value far too small.
    """

    only_a_right: int
    only_b_right: int

    @property
    def statistic(self) -> float | None:
        """Chi-square with one degree of freedom, corrected for continuity; None where they never differ."""
        differing = self.only_a_right + self.only_b_right
        return max(abs(self.only_a_right - self.only_b_right) - 1, 0) ** 2 / differing if differing else None

    @property
    def p_value(self) -> float | None:
        """Exact (binomial), two-sided; 0 where it is below what a float can hold."""
        fewer, differing = min(self.only_a_right, self.only_b_right), self.only_a_right + self.only_b_right
        return min(1.0, 2 * float(binom.cdf(fewer, differing, 0.5))) if differing else None


@dataclass(frozen=True)
class Difference:
    """A metric of both detectors, pooled; `interval` (95 %) and `p_value` of a - b over groups, where they can be had.

    None where a metric is undefined; interval and p-value also with fewer than two groups.
    """

    a: float | None
    b: float | None
    interval: Interval | None
    p_value: float | None

    @property
    def value(self) -> float | None:
        return None if self.a is None or self.b is None else self.a - self.b


def mcnemar(counts: NDArray[np.int64]) -> McNemar:
    """Of joint counts (2, 2, 2)."""
    return McNemar(only_right(counts, "a"), only_right(counts, "b"))


def differences(
    by_group: Mapping[str, NDArray[np.int64]], metrics: Iterable[str] = COMPARED, *, seed: int = SEED
) -> dict[str, Difference]:
    """Each metric of a and b, from joint counts (2, 2, 2) of groups; counts are pooled before dividing.

    `interval`: percentiles of a - b over draws of as many groups with replacement, both detectors on the same ones.
    `p_value`: how often |a - b| is at least as large when, group by group, the detectors are exchanged at random.
    """
    tables = [by_group[group] for group in sorted(by_group)]
    rows = np.array([[_row(confusion(table, side)) for table in tables] for side in ("a", "b")], np.int64)  # (2, N, 4)
    pooled = [Confusion(*row) for row in rows.sum(axis=1).tolist()]
    enough = len(tables) >= 2
    rng = np.random.default_rng(seed)
    drawn = _values(_resampled(rows, rng), metrics) if enough else {}
    swapped = _values(_swapped(rows, rng), metrics) if enough else {}
    result = {}
    for metric in metrics:
        a, b = (getattr(counts, metric) for counts in pooled)
        known = enough and a is not None and b is not None
        interval = _interval(drawn[metric]) if known else None
        result[metric] = Difference(a, b, interval, _share(swapped[metric], a - b) if known else None)
    return result


def _row(counts: Confusion) -> tuple[int, int, int, int]:
    return counts.tp, counts.fp, counts.fn, counts.tn


def _resampled(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Counts (2, R, 4) of draws with replacement."""
    groups = rows.shape[1]
    times = rng.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES)
    return np.stack([times @ side for side in rows])


def _swapped(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Counts (2, R, 4) with the detectors exchanged in some groups: the first as they are."""
    groups = rows.shape[1]
    if groups <= MOST_EXACT_GROUPS:
        swap = np.array(list(product((0, 1), repeat=groups)))
    else:
        swap = np.vstack([np.zeros((1, groups), int), rng.integers(0, 2, (SWAPS, groups))])
    a, b = rows
    return np.stack([(1 - swap) @ a + swap @ b, (1 - swap) @ b + swap @ a])


def _values(rows: NDArray[np.int64], metrics: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """a - b (R',) of each metric in the rows (2, R, 4) that define it for both."""
    pairs = [(Confusion(*a), Confusion(*b)) for a, b in zip(*rows.tolist(), strict=True)]
    both = {metric: [(getattr(a, metric), getattr(b, metric)) for a, b in pairs] for metric in metrics}
    return {
        metric: np.array([a - b for a, b in values if a is not None and b is not None], np.float64)
        for metric, values in both.items()
    }


def _interval(values: NDArray[np.float64]) -> Interval | None:
    return Interval(*map(float, np.quantile(values, (0.025, 0.975)))) if len(values) else None


def _share(values: NDArray[np.float64], observed: float) -> float:
    return float((np.abs(values) >= abs(observed) - 1e-12).mean())
