"""Statistics as JSON can hold them: null stands for what is not known."""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from pandas.api.typing import NaTType

from minenetcd.examining.examine import mean_and_deviation
from minenetcd.examining.statistics.numbers import Statistics

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Shares(TypedDict):
    """Pixels of some pairs."""

    pairs: int
    pairs_without_change: int
    labelled_pixels: int
    changed_pixels: int
    changed_share: float | None


class SharesOfAll(Shares):
    quantiles_of_pairs_with_change: dict[str, float | None]


class Country(TypedDict):
    sites: int | None
    pairs: int
    changed_km2: float | None


class Band(TypedDict):
    """Of one date, each by band; `histograms` (C, 256)."""

    mean: list[float]
    std: list[float]
    histograms: list[list[int]]


class StatisticsJson(TypedDict):
    source: str
    pairs: int
    splits: dict[str, Shares]
    changed_share: SharesOfAll
    changed_km2: float | None
    countries: dict[str, Country]
    sites: list[dict[str, Any]]  # a row each of `Statistics.sites`
    acquisitions: Mapping[str, Mapping[str, str | float | None]]
    bands: dict[str, Band]
    unusable_pairs: dict[str, str]
    not_known: dict[str, str]
    notes: list[str]


def statistics_json(statistics: Statistics) -> StatisticsJson:
    """All numbers of `statistics`; areas in km2, intervals in months, dates as YYYY-MM-DD."""
    pairs, sites = statistics.pairs, statistics.sites
    return {
        "source": statistics.source,
        "pairs": len(pairs),
        "splits": {str(split): _shares(of_split) for split, of_split in pairs.groupby("split", sort=False)},
        "changed_share": {**_shares(pairs), "quantiles_of_pairs_with_change": _quantiles(pairs)},
        "changed_km2": _number(pairs["changed_km2"].sum(min_count=1)),
        "countries": _countries(statistics),
        "sites": _records(sites),
        "acquisitions": _acquisitions(pairs),
        "bands": _bands(statistics),
        "unusable_pairs": statistics.unusable,
        "not_known": statistics.not_known,
        "notes": list(statistics.notes),
    }


def countries_table(statistics: Statistics) -> pd.DataFrame:
    """By country, by name: sites, pairs and changed_km2 (NaN where areas are not known)."""
    by_pairs = statistics.pairs.dropna(subset=["country"]).groupby("country")
    table = pd.DataFrame({"pairs": by_pairs.size(), "changed_km2": by_pairs["changed_km2"].sum(min_count=1)})
    table.insert(0, "sites", by_pairs["site"].nunique())
    return table


def _shares(pairs: pd.DataFrame) -> Shares:
    labelled, changed = int(pairs["labelled"].sum()), int(pairs["changed"].sum())
    return {
        "pairs": len(pairs),
        "pairs_without_change": int(((pairs["changed"] == 0) & (pairs["labelled"] > 0)).sum()),
        "labelled_pixels": labelled,
        "changed_pixels": changed,
        "changed_share": changed / labelled if labelled else None,
    }


def _quantiles(pairs: pd.DataFrame) -> dict[str, float | None]:
    shares = pairs.loc[pairs["changed"] > 0, "share"]
    return {f"{quantile:g}": _number(float(shares.quantile(quantile))) for quantile in _QUANTILES}


def _countries(statistics: Statistics) -> dict[str, Country]:
    has_sites = not statistics.sites.empty
    return {
        str(country): {
            "sites": int(row["sites"]) if has_sites else None,
            "pairs": int(row["pairs"]),
            "changed_km2": _number(row["changed_km2"]),
        }
        for country, row in countries_table(statistics).iterrows()
    }


def _acquisitions(pairs: pd.DataFrame) -> Mapping[str, Mapping[str, str | float | None]]:
    return {
        **{when: {"first": _day(pairs[when].min()), "last": _day(pairs[when].max())} for when in ("before", "after")},
        "months_between": {
            "shortest": _number(pairs["months"].min()),
            "median": _number(pairs["months"].median()),
            "longest": _number(pairs["months"].max()),
        },
    }


def _bands(statistics: Statistics) -> dict[str, Band]:
    mean, deviation = mean_and_deviation(statistics.histograms)
    return {
        when: {"mean": mean[date].tolist(), "std": deviation[date].tolist(), "histograms": histograms.tolist()}
        for date, (when, histograms) in enumerate(zip(("before", "after"), statistics.histograms, strict=True))
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp) or value is pd.NaT:
        return _day(value)
    return _number(value) if isinstance(value, float) else value


def _day(day: pd.Timestamp | NaTType) -> str | None:
    return None if pd.isna(day) else day.strftime("%Y-%m-%d")


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
