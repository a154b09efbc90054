"""Metrics of every site."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import pandas as pd

from minenetcd.evaluation.confusion import METRICS, Confusion


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
