"""Is a data set fit to train and test on? Everything that is wrong with it in one pass, before a training finds out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.configs.value_range import ValueRange
from minenetcd.constants import Progress, no_progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.datasets.catalog import list_splits, load_dataset
from minenetcd.datasets.drawn import check_drawn
from minenetcd.errors import DataError
from minenetcd.examining.audit.copies import check_copies, check_sites
from minenetcd.examining.audit.dates import check_stated_dates, check_tone, judge_tone
from minenetcd.examining.audit.finding import Finding
from minenetcd.examining.audit.manifest import check_manifest
from minenetcd.examining.audit.masks import check_mask_values
from minenetcd.examining.audit.pairs import (
    check_bands,
    check_masks,
    check_refused,
    check_same_image_twice,
    check_sizes,
)
from minenetcd.examining.examine import LEVELS, ExaminedSplit, examine_splits, mean_and_deviation, pooled_histograms
from minenetcd.geo.values import rounded_range


@dataclass(frozen=True)
class SplitCounts:
    """What a split holds. Pixels are those of readable pairs; `sizes` ("height x width") and `bands` count pairs."""

    pairs: int
    unusable_pairs: int
    sizes: dict[str, int]
    bands: dict[str, int]
    pixels: int
    labelled_pixels: int
    changed_pixels: int
    empty_masks: int
    full_masks: int

    @property
    def changed_share(self) -> float | None:
        """Of the labelled pixels; None where there are none."""
        return self.changed_pixels / self.labelled_pixels if self.labelled_pixels else None


@dataclass(frozen=True)
class BandStatistics:
    """Mean and standard deviation of each band over all pixels, of values 0 to 1."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Normalisation:
    """Band statistics of the pairs of `split` ("all" without a train split) that have as many bands as most.

    `value_range`: the values that are 0 and 1, of images that are not 8-bit.
    """

    split: str
    both: BandStatistics
    before: BandStatistics
    after: BandStatistics
    value_range: ValueRange | None = None


@dataclass(frozen=True)
class Audit:
    """What was found in a data set, errors first.

    `dates_told_apart` is the share of pairs whose dates the tone of the images puts in the right order, the evidence
    for or against exchanged dates; None where there are too few pairs to say.
    """

    source: str
    splits: dict[str, SplitCounts]
    findings: tuple[Finding, ...]
    normalisation: Normalisation | None
    dates_told_apart: float | None

    @property
    def is_fit(self) -> bool:
        """Whether there is no error; warnings are to be looked at, and do not count."""
        return not any(finding.level == "error" for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        shares = {name: {"changed_share": counts.changed_share} for name, counts in self.splits.items()}
        numbers = asdict(self)
        numbers["splits"] = {name: counts | shares[name] for name, counts in numbers["splits"].items()}
        return {"source": self.source, "is_fit": self.is_fit} | numbers


def audit(
    source: str | Path,
    *,
    workers: int = 0,
    cache_dir: str | Path | None = None,
    progress: Progress = no_progress,
) -> Audit:
    """Audit every split of `source`; it and `cache_dir` are what `load_dataset` takes. `progress` counts pairs.

    A split that cannot be opened is a finding, and so is every file that is not as the manifest of `data build` says.
    DataError or UnknownNameError where there is no data set at all.
    """
    datasets: dict[str, ChangeDataset] = {}
    check_drawn(str(source))
    findings = check_manifest(source)
    try:
        splits = list_splits(source, cache_dir=cache_dir)
    except DataError as error:
        if not findings:
            raise
        findings.append(Finding("error", "cannot be opened", f"The data set cannot be opened: {error}"))
        splits = ()
    for split in splits:
        try:
            datasets[split] = load_dataset(source, split, cache_dir=cache_dir, keep_unusable=True)
        except DataError as error:
            findings.append(Finding("error", "cannot be opened", f"The split {split!r} cannot be opened: {error}"))
    return audit_splits(str(source), datasets, workers=workers, progress=progress, findings=findings)


def audit_splits(
    source: str,
    datasets: Mapping[str, ChangeDataset],
    *,
    workers: int = 0,
    progress: Progress = no_progress,
    findings: Sequence[Finding] = (),
) -> Audit:
    """Audit splits that are open already; `findings` were made while opening them. `progress` counts pairs."""
    masks = check_mask_values(datasets)
    splits = examine_splits(datasets, workers=workers, progress=progress)
    order = judge_tone(splits)
    found = [
        *findings,
        *masks.values(),
        *check_refused(splits, masks_reported=masks),
        *check_bands(splits),
        *check_sizes(splits),
        *check_masks(splits),
        *check_same_image_twice(splits),
        *check_copies(splits),
        *check_sites(splits),
        *check_stated_dates(splits),
        *check_tone(splits, order),
    ]
    return Audit(
        source,
        {split.split: _counts(split) for split in splits},
        tuple(sorted(found, key=lambda finding: finding.level)),  # "error" comes before "warning"
        _normalisation(splits),
        order.agreement,
    )


def _counts(split: ExaminedSplit) -> SplitCounts:
    pairs = split.pairs
    sizes = Counter(f"{pair.height} x {pair.width}" for pair in pairs)
    bands = Counter(str(pair.bands) for pair in pairs)
    return SplitCounts(
        pairs=len(pairs) + len(split.refused),
        unusable_pairs=len(split.refused),
        sizes=dict(sizes.most_common()),
        bands=dict(bands.most_common()),
        pixels=sum(pair.pixels for pair in pairs),
        labelled_pixels=sum(pair.labelled for pair in pairs),
        changed_pixels=sum(pair.changed for pair in pairs),
        empty_masks=sum(pair.changed == 0 < pair.labelled for pair in pairs),
        full_masks=sum(0 < pair.labelled == pair.changed for pair in pairs),
    )


def _normalisation(splits: Sequence[ExaminedSplit]) -> Normalisation | None:
    train = [split for split in splits if split.split == "train" and split.pairs]
    histograms = pooled_histograms(train or splits)
    if histograms is None:
        return None
    both, before, after = (_band_statistics(part) for part in (histograms.sum(axis=0), *histograms))
    limits = next((split.limits[len(both.mean)] for split in splits if len(both.mean) in split.limits), None)
    value_range = None if limits is None else rounded_range(limits)
    return Normalisation("train" if train else "all", both, before, after, value_range)


def _band_statistics(histograms: NDArray[np.int64]) -> BandStatistics:
    """Of values divided by 255, from (C, 256)."""
    mean, deviation = mean_and_deviation(histograms)
    return BandStatistics(*(tuple((values / (LEVELS - 1)).tolist()) for values in (mean, deviation)))
