"""Metrics of every site, and how far a score would move with other sites of the same kind.

Pixels and patches of one site are alike, so that the site is what a score must be resampled by.
Source: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993 (percentile intervals).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.evaluation.confusion import METRICS, Confusion

RESAMPLES = 2000
SEED = 8888  # section 5.3


class Interval(NamedTuple):
    """Where a metric lies in the middle `share` of the resamples in which it is defined."""

    low: float
    high: float


def pool(groups: Iterable[str], counts: Iterable[Confusion]) -> dict[str, Confusion]:
    """Counts added up per group (site, country, ...), in the order of the groups' names."""
    pooled: dict[str, Confusion] = {}
    for group, count in zip(groups, counts, strict=True):
        pooled[group] = pooled.get(group, Confusion()) + count
    return dict(sorted(pooled.items()))


def site_table(by_site: Mapping[str, Confusion]) -> pd.DataFrame:
    """One row a site: site, tp, fp, fn, tn and METRICS; undefined ones are None, an empty cell in CSV."""
    rows = [{"site": site, **asdict(counts), **counts.metrics()} for site, counts in by_site.items()]
    return pd.DataFrame(rows, columns=["site", "tp", "fp", "fn", "tn", *METRICS], dtype=object)


def bootstrap_over_sites(
    by_site: Mapping[str, Confusion],
    metrics: Iterable[str] = METRICS,
    *,
    resamples: int = RESAMPLES,
    share: float = 0.95,
    seed: int = SEED,
) -> dict[str, Interval | None]:
    """Percentile interval of each metric over draws of as many sites with replacement, counts pooled before dividing.

    The same for the same counts and seed, whatever the order of the sites. None with fewer than two sites, or
    where no resample defines the metric; resamples that leave it undefined are left out.
    """
    metrics = tuple(metrics)
    if len(by_site) < 2:
        return dict.fromkeys(metrics)
    drawn = [Confusion(*row) for row in _resampled(by_site, resamples, np.random.default_rng(seed)).tolist()]
    return {metric: _interval([getattr(counts, metric) for counts in drawn], share) for metric in metrics}


def _resampled(by_site: Mapping[str, Confusion], resamples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Pooled tp, fp, fn, tn (resamples, 4)."""
    counts = np.array([by_site[site].to_tensor().tolist() for site in sorted(by_site)], np.int64)  # (sites, 4)
    times = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=resamples)
    return times @ counts


def _interval(values: list[float | None], share: float) -> Interval | None:
    defined = [value for value in values if value is not None]
    if not defined:
        return None
    low, high = np.quantile(defined, ((1 - share) / 2, (1 + share) / 2))
    return Interval(float(low), float(high))
