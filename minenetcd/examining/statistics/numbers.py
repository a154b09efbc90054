"""The numbers of a data set: where its sites lie, what changed there, when it was seen, what its images look like."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.configs.value_range import range_in_words
from minenetcd.constants import Progress, no_progress
from minenetcd.datasets.catalog import list_splits, load_dataset
from minenetcd.errors import DataError
from minenetcd.examining.acquisition import middle_day, months_between, parse_dates
from minenetcd.examining.examine import ExaminedSplit, examine_splits, pooled_histograms
from minenetcd.examining.statistics.geolocation import LOCATION, locate, middle, overlap_share
from minenetcd.geo.values import rounded_range

#: What each figure cannot do without, as columns of the tables.
NEEDS = {
    "sites_map": ("site", "longitude"),
    "sites_per_country": ("site", "country"),
    "changed_area_per_country": ("country", "changed_km2"),
    "changed_area_per_site": ("site", "changed_km2"),
    "acquisition_dates": ("before", "after"),
    "spectral_histograms": (),
    "changed_share": ("share",),
}
_IN_WORDS = {
    "site": "the site",
    "country": "the country",
    "longitude": "coordinates (crs, left, bottom, right, top)",
    "changed_km2": "changed pixels with coordinates (crs, left, bottom, right, top)",
    "before": "before_date",
    "after": "after_date",
    "share": "labelled pixels",
}
_TOLERATED_OVERLAP = 0.005  # of the area of all patches


@dataclass(frozen=True)
class Statistics:
    """Numbers of a data set; what is not known of a pair or site is missing (`isna`).

    `pairs`, a row each: split, name, pixels, labelled, changed [pixels], share (changed of labelled), site, country,
    longitude, latitude [degrees], changed_km2, before, after, months (between them). `sites`, a row each: site,
    country, splits, pairs, longitude, latitude, changed_km2, before, after, months.
    `histograms` (2, C, 256): pixels of each level in all before and all after images of as many bands as most have; of
    those that are not 8-bit, `notes` say which values are at levels 0 and 255.
    """

    source: str
    pairs: pd.DataFrame
    sites: pd.DataFrame
    histograms: NDArray[np.int64]
    unusable: dict[str, str]  # split/name of a pair -> why it could not be read
    not_known: dict[str, str]  # figure -> what it lacks, in words
    notes: tuple[str, ...]


def dataset_statistics(
    source: str | Path,
    *,
    workers: int = 0,
    cache_dir: str | Path | None = None,
    progress: Progress = no_progress,
) -> Statistics:
    """Of every split of `source`; it and `cache_dir` are what `load_dataset` takes. `progress` counts pairs.

    DataError where a split cannot be opened, or no pair can be read.
    """
    splits = list_splits(source, cache_dir=cache_dir)
    datasets = {split: load_dataset(source, split, cache_dir=cache_dir, keep_unusable=True) for split in splits}
    return gather_statistics(str(source), examine_splits(datasets, workers=workers, progress=progress))


def gather_statistics(source: str, splits: Sequence[ExaminedSplit]) -> Statistics:
    """The statistics of all `splits` together. DataError where no pair of them can be read."""
    unusable = {f"{split.split}/{pair.name}": pair.reason for split in splits for pair in split.refused}
    tables = [_read_pairs(split) for split in splits if split.pairs]
    histograms = pooled_histograms(splits)
    if not tables or histograms is None:
        first = next(iter(unusable.items()), None)
        reason = f"({first[0]}: {first[1]})" if first else "(it is empty)"
        raise DataError(f"Statistics need pairs that can be read, {source} has none {reason}: run a check of it.")
    read = pd.concat(tables, ignore_index=True)
    pairs = _pair_table(read)
    sites = _site_table(pairs)
    return Statistics(
        source,
        pairs,
        sites,
        histograms,
        unusable,
        not_known=_not_known(pairs),
        notes=tuple([*_overlaps(read), *_gaps(sites), *_levels(splits, bands=histograms.shape[1])]),
    )


def _read_pairs(split: ExaminedSplit) -> pd.DataFrame:
    """Counts of each pair and what its data set says of its place, column by column as the data set has it."""
    counts = {name: [getattr(pair, name) for pair in split.pairs] for name in ("name", "pixels", "labelled", "changed")}
    stated = {name: split.column(name) for name in ("site", "country", *LOCATION, "before_date", "after_date")}
    return pd.DataFrame({"split": split.split} | counts | stated)


def _pair_table(read: pd.DataFrame) -> pd.DataFrame:
    pairs = read[["split", "name", "pixels", "labelled", "changed"]].copy()
    pairs["share"] = (read["changed"] / read["labelled"]).where(read["labelled"] > 0)
    for text in ("site", "country"):
        pairs[text] = read[text].map(str, na_action="ignore")
    located = locate(read)
    pairs[["longitude", "latitude"]] = located[["longitude", "latitude"]]
    pairs["changed_km2"] = located["area_km2"] * read["changed"] / read["pixels"]
    for when in ("before", "after"):
        pairs[when] = middle_day(parse_dates(read[f"{when}_date"]))
    pairs["months"] = months_between(pairs["before"], pairs["after"])
    return pairs


def _site_table(pairs: pd.DataFrame) -> pd.DataFrame:
    known = pairs[pairs["site"].notna()]
    rows = []
    for site, of_site in known.groupby("site"):
        located = of_site.dropna(subset=["longitude"])
        longitude, latitude = middle(located["longitude"], located["latitude"]) if len(located) else (np.nan, np.nan)
        first = of_site.iloc[0]
        rows.append(
            {
                "site": site,
                "country": first["country"],
                "splits": ", ".join(dict.fromkeys(of_site["split"])),
                "pairs": len(of_site),
                "longitude": longitude,
                "latitude": latitude,
                "changed_km2": of_site["changed_km2"].sum(min_count=1),
                **first[["before", "after", "months"]],
            }
        )
    columns = [
        "site",
        "country",
        "splits",
        "pairs",
        "longitude",
        "latitude",
        "changed_km2",
        "before",
        "after",
        "months",
    ]
    return pd.DataFrame(rows, columns=columns)


def _not_known(pairs: pd.DataFrame) -> dict[str, str]:
    lacking = {column for column in _IN_WORDS if pairs[column].isna().all()}
    return {
        figure: "The data set does not have " + " and ".join(_IN_WORDS[column] for column in needs if column in lacking)
        for figure, needs in NEEDS.items()
        if lacking & set(needs)
    }


def _overlaps(read: pd.DataFrame) -> list[str]:
    share = overlap_share(read)
    if share <= _TOLERATED_OVERLAP:
        return []
    return [f"Patches overlap: {share:.1%} of their area is counted more than once."]


def _levels(splits: Sequence[ExaminedSplit], *, bands: int) -> list[str]:
    """What the levels of the histograms stand for, of images that are not 8-bit."""
    limits = next((split.limits[bands] for split in splits if bands in split.limits), None)
    if limits is None:
        return []
    return [f"The images are not 8-bit: levels 0 and 255 stand for {range_in_words(rounded_range(limits))}."]


def _gaps(sites: pd.DataFrame) -> list[str]:
    """Columns that are known of some sites only."""
    columns = {"country": "a country", "longitude": "coordinates", "before": "a before_date", "after": "an after_date"}
    missing = {words: int(sites[column].isna().sum()) for column, words in columns.items()}
    return [
        f"{number} of {len(sites)} sites lack {words}." for words, number in missing.items() if 0 < number < len(sites)
    ]
