"""Whether one method is better than another, or only luckier with the sites of the test set.

Sites (pairs of images where sites are not known) are the units of `evaluation.significance`; the seeds of a method are
pooled within a unit.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.results.summary import Line
from minenetcd.benchmark.results.table import unit_counts
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.evaluation.significance import DRAWS, SEED, bootstrap, exchange_test, holm, measure, middle

LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """Methods side by side, best first: M of them over `units` sites or pairs.

    `f1`, `low`, `high` (M,): pooled F1 and its 95 % interval. `difference`, `difference_low`, `difference_high` and `p`
    (M, M): F1 of the row minus that of the column, its 95 % interval, and the two-sided p-value of the exchange test;
    `p_holm` the same after Holm's correction over all pairs of methods; NaN where F1 is undefined for one of them.
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
    p_holm: NDArray[np.float64]

    def table(self) -> pd.DataFrame:
        """Every pair of methods: F1 of the better and of the worse, their difference, its interval and p-value."""
        columns = ("better", "worse", "f1_better", "f1_worse", "difference", "low_95", "high_95", "p", "p_holm")
        rows = [
            (self.labels[one], self.labels[other], self.f1[one], self.f1[other], self.difference[one, other],
             self.difference_low[one, other], self.difference_high[one, other], self.p[one, other],
             self.p_holm[one, other])
            for one, other in itertools.combinations(range(len(self.labels)), 2)
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def is_certain(self, better: int, worse: int) -> bool:
        """Whether the difference of two methods is beyond chance at the level 0.05."""
        return bool(self.p_holm[better, worse] < LEVEL)


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
    labels: tuple[str, ...], counts: NDArray[np.int64], *, unit: str, draws: int = DRAWS, seed: int = SEED
) -> Comparison:
    """`counts` (M, N, 4) holds tp, fp, fn, tn of each method in each unit, units in one order."""
    point = measure(counts.sum(axis=1), "f1")
    order = np.argsort(-np.nan_to_num(point, nan=-1), kind="stable")
    counts, point = counts[order], point[order]
    drawn = measure(bootstrap(counts, draws=draws, seed=seed), "f1")  # (M, draws)
    low, high = middle(drawn)
    gap_low, gap_high = middle(drawn[:, None] - drawn[None])  # (M, M)
    p = exchange_test(counts, ["f1"], draws=draws, seed=seed)["f1"]
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
        p=p,
        p_holm=_corrected(p),
    )


def _corrected(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of all pairs of methods together; (M, M), symmetric."""
    rows, columns = np.triu_indices(len(p), k=1)
    result = np.ones_like(p)
    result[rows, columns] = result[columns, rows] = holm(p[rows, columns])
    return result


def _sum(found: Sequence[tuple[str, list[str], NDArray[np.int64]]]) -> dict[str, NDArray[np.int64]]:
    """Counts of each unit, summed over the seeds."""
    total: dict[str, NDArray[np.int64]] = {}
    for _, names, counts in found:
        for name, row in zip(names, counts, strict=True):
            total[name] = total.get(name, 0) + row
    return total
