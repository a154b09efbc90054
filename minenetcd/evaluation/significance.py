"""How far a score would move with other sites, and whether one method is better than another or only luckier with them.

Pixels and patches of one site are alike, so that the site is what is resampled (the pair of images where sites are not
known): a unit. Counts are pooled over units before a metric is taken. Intervals are percentiles of a bootstrap, paired:
the same draws for all methods. P-values are those of a paired exchange (permutation) test, which keeps its level with
few units, as a bootstrap does not: two methods are exchanged unit by unit. Counts and seed alone decide both.
Sources: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993; Holm, "A simple sequentially rejective multiple
test procedure", Scandinavian Journal of Statistics 1979; McNemar, "Note on the sampling error of the difference between
correlated proportions or percentages", Psychometrika 1947, with the correction of Edwards, Psychometrika 1948.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from minenetcd.evaluation.confusion import METRICS, Confusion

#: As many as a p-value below 0.05 needs after the correction for the pairs of twenty methods.
DRAWS = 20_000
SEED = 8888  # section 5.3
SHARE = 0.95

#: With so many units or fewer, all ways to exchange two methods are tried; beyond, DRAWS of them, drawn.
MOST_EXACT_UNITS = 12

#: Draws of all units that are held at once. [numbers]
BLOCK = 4_000_000

#: Part and whole of a metric, each a sum of tp, fp, fn, tn so many times: those of section 5.4, and of the other class.
_RATIOS = {
    "oa": ((1, 0, 0, 1), (1, 1, 1, 1)),
    "precision": ((1, 0, 0, 0), (1, 1, 0, 0)),
    "recall": ((1, 0, 0, 0), (1, 0, 1, 0)),
    "f1": ((2, 0, 0, 0), (2, 1, 1, 0)),
    "ciou": ((1, 0, 0, 0), (1, 1, 1, 0)),
    "specificity": ((0, 0, 0, 1), (0, 1, 0, 1)),
    "unchanged_precision": ((0, 0, 0, 1), (0, 0, 1, 1)),
    "unchanged_f1": ((0, 0, 0, 2), (0, 1, 1, 2)),
    "unchanged_iou": ((0, 0, 0, 1), (0, 1, 1, 1)),
}
_MEANS = {
    "macro_precision": ("precision", "unchanged_precision"),
    "macro_recall": ("recall", "specificity"),
    "macro_f1": ("f1", "unchanged_f1"),
    "mean_iou": ("ciou", "unchanged_iou"),
}

#: The metrics of section 5.4.
MAIN = ("oa", "precision", "recall", "f1", "ciou")


class Interval(NamedTuple):
    """Where a value lies in the middle share (95 %) of the draws in which it is defined."""

    low: float
    high: float


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


def count_table(counts: Iterable[Confusion]) -> NDArray[np.int64]:
    """tp, fp, fn, tn of each unit (N, 4)."""
    return np.array([astuple(count) for count in counts], np.int64).reshape(-1, 4)


def measure(counts: NDArray[np.int64], metric: str) -> NDArray[np.float64]:
    """One of METRICS of many counts (..., 4) at once, as `Confusion` defines it; NaN where it is undefined."""
    if metric in _MEANS:
        changed, unchanged = (measure(counts, half) for half in _MEANS[metric])
        return (changed + unchanged) / 2
    if metric == "kappa":
        tp, fp, fn, tn = np.moveaxis(counts.astype(np.float64), -1, 0)  # products of counts do not fit into int64
        return _divided(2 * (tp * tn - fp * fn), (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn))
    part, whole = (counts @ np.array(times, np.int64) for times in _RATIOS[metric])
    return _divided(part, whole)


def bootstrap(counts: NDArray[np.int64], *, draws: int = DRAWS, seed: int = SEED) -> NDArray[np.int64]:
    """Pooled counts (M, draws, 4) of M methods over draws of as many units with replacement, from (M, N, 4).

    The draws are the same for all methods, and for the same number of units and seed.
    """
    methods, units, _ = counts.shape
    flat, rng = _exact(counts), np.random.default_rng(seed)
    pooled = []
    for size in _blocks(draws, units):
        drawn = rng.integers(0, units, (size, units)) + units * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units)
        pooled.append((times @ flat).reshape(size, methods, 4))
    return np.concatenate(pooled).transpose(1, 0, 2).astype(np.int64)


def middle(values: NDArray[np.float64], share: float = SHARE) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of the middle `share` of the draws along the last axis that are no NaN; NaN where all are."""
    known = np.asarray(np.isfinite(values).any(axis=-1))
    filled = np.where(known[..., None], values, 0)
    low, high = np.nanquantile(filled, ((1 - share) / 2, (1 + share) / 2), axis=-1)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def bootstrap_over_sites(
    by_site: Mapping[str, Confusion],
    metrics: Iterable[str] = METRICS,
    *,
    draws: int = DRAWS,
    share: float = SHARE,
    seed: int = SEED,
) -> dict[str, Interval | None]:
    """Interval of each metric of one method. The same for the same counts and seed, whatever the order of the sites.

    None with fewer than two sites, or where no draw defines the metric; draws that leave it undefined are left out.
    """
    if len(by_site) < 2:
        return dict.fromkeys(metrics)
    counts = count_table(by_site[site] for site in sorted(by_site))
    (drawn,) = bootstrap(counts[None], draws=draws, seed=seed)
    return {metric: interval(measure(drawn, metric), share) for metric in metrics}


def interval(values: NDArray[np.float64], share: float = SHARE) -> Interval | None:
    """`middle` of one row of draws; None where none of them is defined."""
    low, high = map(float, middle(values, share))
    return None if np.isnan(low) else Interval(low, high)


def exchange_test(
    counts: NDArray[np.int64], metrics: Sequence[str], *, draws: int = DRAWS, seed: int = SEED
) -> dict[str, NDArray[np.float64]]:
    """Two-sided p-value (M, M) of each metric for each two of M methods, from counts (M, N, 4).

    It is the share of exchanges of the two, unit by unit, after which they differ at least as much as they do: of all
    exchanges with up to MOST_EXACT_UNITS units, else of `draws` of them and of none. Exchanges that leave the metric
    undefined are left out; NaN where it is undefined for one of the two.
    """
    methods, units, _ = counts.shape
    total, flat = counts.sum(axis=1), _exact(counts)
    observed = {metric: _gaps(measure(total, metric)) for metric in metrics}
    as_large, defined = ({metric: np.zeros((methods, methods)) for metric in metrics} for _ in range(2))
    for swaps in _swaps(units, draws, np.random.default_rng(seed)):
        moved = (swaps @ flat).reshape(-1, methods, 4).astype(np.int64)  # the counts of the exchanged units
        for one, other in itertools.combinations(range(methods), 2):
            move = moved[:, other] - moved[:, one]
            for metric in metrics:
                gap = np.abs(measure(total[one] + move, metric) - measure(total[other] - move, metric))
                as_large[metric][one, other] += (gap >= abs(observed[metric][one, other]) - 1e-12).sum()
                defined[metric][one, other] += np.isfinite(gap).sum()
    return {
        metric: np.where(np.isfinite(observed[metric]), _both_ways(as_large[metric], defined[metric]), np.nan)
        for metric in metrics
    }


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """P-values (K,) corrected for as many tests; NaN stays and counts as a test."""
    order = np.argsort(np.nan_to_num(p_values, nan=2))
    scaled = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(1.0, np.fmax.accumulate(scaled))
    return np.where(np.isnan(p_values), np.nan, corrected)


def _divided(part: NDArray[np.int64 | np.float64], whole: NDArray[np.int64 | np.float64]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole != 0)
    return ratio


def _exact(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(M, N, 4) -> (N, 4 M), in float64 because BLAS multiplies no int64; sums are exact up to 2**53 pixels."""
    return counts.transpose(1, 0, 2).reshape(counts.shape[1], -1).astype(np.float64)


def _blocks(draws: int, units: int) -> Iterator[int]:
    """Sizes of blocks of at most BLOCK numbers that add up to `draws`."""
    step = max(1, BLOCK // units)
    return (min(step, draws - first) for first in range(0, draws, step))


def _swaps(units: int, draws: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Blocks (R, units) of ones where two methods are exchanged; the first row exchanges nothing."""
    if units <= MOST_EXACT_UNITS:
        yield np.array(list(itertools.product((0.0, 1.0), repeat=units)))
        return
    yield np.zeros((1, units))
    for size in _blocks(draws, units):
        yield rng.integers(0, 2, (size, units)).astype(np.float64)


def _gaps(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[:, None] - values[None]


def _both_ways(as_large: NDArray[np.float64], defined: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of the upper triangle on both sides of a diagonal of ones."""
    share = _divided(as_large, defined)
    upper: NDArray[np.float64] = np.triu(share, k=1)
    return upper + upper.T + np.eye(len(share))
