"""Whether one method is better than another, or only luckier with the sites of the test set.

Intervals by a paired bootstrap: sites (pairs of images where sites are not known) are drawn with replacement, the same
for all methods. P-values by a paired exchange (permutation) test, which keeps its level with few sites, as a bootstrap
does not: two methods are exchanged site by site. Counts are pooled before F1 is taken, seeds of a method within a site.
Sources: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993; Holm, "A simple sequentially rejective multiple
test procedure", Scandinavian Journal of Statistics 1979.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.results.summary import Line
from minenetcd.benchmark.results.table import unit_counts
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.explain.comparison.significance import MOST_EXACT_GROUPS

#: As many as a p-value below LEVEL needs after the correction for the pairs of twenty methods.
RESAMPLES = 20_000
SEED = 8888
LEVEL = 0.05

#: Draws or exchanges of all units that are held at once. [numbers]
BLOCK = 4_000_000


@dataclass(frozen=True)
class Comparison:
    """Methods side by side, best first: M of them over `units` sites or pairs.

    `f1`, `low`, `high` (M,): pooled F1 and its 95 % interval. `difference`, `difference_low`, `difference_high` and `p`
    (M, M): F1 of the row minus that of the column, its 95 % interval, and the two-sided p-value of the exchange test
    after Holm's correction over all pairs of methods; NaN where F1 is undefined for one of them.
    """

    labels: tuple[str, ...]
    unit: str
    units: int
    f1: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    difference: NDArray[np.float64]
    difference_low: NDArray[np.float64]
    difference_high: NDArray[np.float64]
    p: NDArray[np.float64]

    def table(self) -> pd.DataFrame:
        """Every pair of methods: F1 of the better and of the worse, their difference, its interval and p-value."""
        columns = ("better", "worse", "f1_better", "f1_worse", "difference", "low_95", "high_95", "p_holm")
        rows = [
            (self.labels[one], self.labels[other], self.f1[one], self.f1[other], self.difference[one, other],
             self.difference_low[one, other], self.difference_high[one, other], self.p[one, other])
            for one, other in itertools.combinations(range(len(self.labels)), 2)
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def is_certain(self, better: int, worse: int) -> bool:
        """Whether the difference of two methods is beyond chance at the level 0.05."""
        return bool(self.p[better, worse] < LEVEL)


def compare_lines(lines: Sequence[Line], cells: Sequence[Cell], folder: BenchmarkFolder) -> Comparison | None:
    """Compare the measured `lines` of one table; None with fewer than two methods or two units in common."""
    place = {cell.id: cell for cell in cells}
    tables = {line.label: [unit_counts(folder, place[cell]) for cell in line.cells] for line in lines}
    unit = "site" if all(kind == "site" for found in tables.values() for kind, _, _ in found) else "pair"
    sums = {label: _sum(found) for label, found in tables.items()}
    common = sorted(set.intersection(*(set(names) for names in sums.values()))) if sums else []
    if len(sums) < 2 or len(common) < 2:
        return None
    counts = np.array([[names[name] for name in common] for names in sums.values()], np.int64)
    return compare(tuple(sums), counts, unit=unit)


def compare(
    labels: tuple[str, ...], counts: NDArray[np.int64], *, unit: str, resamples: int = RESAMPLES, seed: int = SEED
) -> Comparison:
    """`counts` (M, N, 4) holds tp, fp, fn, tn of each method in each unit, units in one order."""
    point = _f1(counts.sum(axis=1))
    order = np.argsort(-np.nan_to_num(point, nan=-1), kind="stable")
    counts, point = counts[order], point[order]
    rng = np.random.default_rng(seed)
    drawn = _resampled_f1(counts, resamples, rng)  # (M, resamples)
    low, high = _interval(drawn)
    gaps = drawn[:, None] - drawn[None]  # (M, M, resamples)
    gap_low, gap_high = _interval(gaps)
    return Comparison(
        labels=tuple(labels[index] for index in order),
        unit=unit,
        units=counts.shape[1],
        f1=point,
        low=low,
        high=high,
        difference=point[:, None] - point[None],
        difference_low=gap_low,
        difference_high=gap_high,
        p=_holm(_exchanged(counts, resamples, rng)),
    )


def _sum(found: Sequence[tuple[str, list[str], NDArray[np.int64]]]) -> dict[str, NDArray[np.int64]]:
    """Counts of each unit, summed over the seeds."""
    total: dict[str, NDArray[np.int64]] = {}
    for _, names, counts in found:
        for name, row in zip(names, counts, strict=True):
            total[name] = total.get(name, 0) + row
    return total


def _f1(counts: NDArray) -> NDArray[np.float64]:
    """(..., 4) -> (...); NaN where it is undefined."""
    whole = 2 * counts[..., 0] + counts[..., 1] + counts[..., 2]
    return np.divide(2 * counts[..., 0], whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def _resampled_f1(counts: NDArray[np.int64], resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """F1 of each method in each resample (M, resamples), a block of resamples at a time."""
    methods, units, _ = counts.shape
    flat = counts.transpose(1, 0, 2).reshape(units, -1).astype(np.float64)  # exact below 2**53, and BLAS is quick
    step = max(1, BLOCK // units)
    blocks = []
    for first in range(0, resamples, step):
        size = min(step, resamples - first)
        drawn = rng.integers(0, units, (size, units)) + units * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units)
        blocks.append(_f1((times @ flat).reshape(size, methods, 4)))
    return np.concatenate(blocks).T


def _interval(drawn: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middle 95 % along the last axis, of the resamples in which it is defined."""
    enough = np.isfinite(drawn).sum(axis=-1) > 1
    filled = np.where(enough[..., None], drawn, 0)
    low, high = np.nanquantile(filled, (0.025, 0.975), axis=-1)
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)


def _exchanged(counts: NDArray[np.int64], draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(M, M): the share of exchanges of two methods, unit by unit, that differ in F1 at least as much as they do.

    All exchanges of up to MOST_EXACT_GROUPS units; of more, `draws` of them and none.
    """
    methods, units, _ = counts.shape
    observed = _f1(counts.sum(axis=1))
    flat = counts.transpose(1, 0, 2).reshape(units, -1).astype(np.float64)
    as_large, defined = np.zeros((2, methods, methods))
    for swaps in _swaps(units, draws, rng):
        moved = (swaps @ flat).reshape(-1, methods, 4)  # the counts of the exchanged units
        for one, other in itertools.combinations(range(methods), 2):
            move = moved[:, other] - moved[:, one]
            gap = _f1(counts[one].sum(axis=0) + move) - _f1(counts[other].sum(axis=0) - move)
            as_large[one, other] += (np.abs(gap) >= np.abs(observed[one] - observed[other]) - 1e-12).sum()
            defined[one, other] += np.isfinite(gap).sum()
    p = np.divide(as_large, defined, out=np.full_like(as_large, np.nan), where=defined > 0)
    p = np.where(np.isfinite(observed[:, None] - observed[None]), p, np.nan)
    upper = np.triu(p, k=1)
    return upper + upper.T + np.eye(methods)


def _swaps(units: int, draws: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Blocks (R, units) of ones where two methods are exchanged; the first row exchanges nothing."""
    if units <= MOST_EXACT_GROUPS:
        yield np.array(list(itertools.product((0.0, 1.0), repeat=units)))
        return
    yield np.zeros((1, units))
    step = max(1, BLOCK // units)
    for first in range(0, draws, step):
        yield rng.integers(0, 2, (min(step, draws - first), units)).astype(np.float64)


def _holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corrected for as many tests as there are pairs of methods; (M, M), symmetric."""
    rows, columns = np.triu_indices(len(p), k=1)
    values = p[rows, columns]
    order = np.argsort(np.nan_to_num(values, nan=2))
    scaled = values[order] * np.arange(len(values), 0, -1)
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(1.0, np.fmax.accumulate(scaled))
    result = np.ones_like(p)
    result[rows, columns] = result[columns, rows] = np.where(np.isnan(values), np.nan, corrected)
    return result
