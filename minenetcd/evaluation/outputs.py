"""What an evaluation leaves behind: metrics, a row for each pair and site, curves, masks and change maps."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import pandas as pd
from torch import Tensor

from minenetcd.data.dataset import DatasetFacts
from minenetcd.display.agreement import save_agreement, save_mask
from minenetcd.display.escaping import csv_text, from_csv
from minenetcd.evaluation.boundary import BoundaryCounts
from minenetcd.evaluation.by_site import site_table
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.curves import average_precision, calibration_error, precision_recall
from minenetcd.evaluation.significance import MAIN, Interval, bootstrap_over_sites
from minenetcd.evaluation.tally import Evaluation
from minenetcd.files import staged_files, write_json, write_text
from minenetcd.types import ChangeBatch

METRICS_FILE = "metrics.json"
PER_PAIR, PER_SITE, PRECISION_RECALL = "per_pair.csv", "per_site.csv", "precision_recall.csv"
PICTURES = ("masks", "maps")


@dataclass(frozen=True)
class MetricsRecord:
    """Everything measured in one test; what is undefined is None. `intervals` (95 %, over sites) of each of MAIN.

    `refused_pairs` counts as unchanged: a detector without training could not work on them.
    """

    data: DatasetFacts
    pairs: int
    sites: int | None
    threshold: float
    counts: Confusion
    intervals: Mapping[str, Interval | None]
    average_precision: float | None
    expected_calibration_error: float | None
    boundary: BoundaryCounts | None = None
    refused_pairs: int = 0

    @classmethod
    def of(cls, result: Evaluation, boundary: BoundaryCounts | None = None) -> Self:
        return cls(
            data=result.facts,
            pairs=len(result.names),
            sites=None if result.by_site is None else len(result.by_site),
            threshold=result.threshold,
            counts=result.confusion,
            intervals=bootstrap_over_sites(result.by_site, MAIN) if result.by_site else dict.fromkeys(MAIN),
            average_precision=average_precision(result.histogram),
            expected_calibration_error=calibration_error(result.histogram),
            boundary=boundary,
            refused_pairs=len(result.refused),
        )

    def as_json(self) -> dict[str, Any]:
        """What metrics.json holds, as plain values."""
        record = {
            "data": asdict(self.data),
            "pairs": self.pairs,
            "sites": self.sites,
            "refused_pairs": self.refused_pairs,
            "threshold": self.threshold,
            "counts": asdict(self.counts),
            "metrics": self.counts.metrics(),
            "intervals_95": {name: None if pair is None else list(pair) for name, pair in self.intervals.items()},
            "average_precision": self.average_precision,
            "expected_calibration_error": self.expected_calibration_error,
        }
        if self.boundary is not None:
            ratios = {name: getattr(self.boundary, name) for name in ("precision", "recall", "f1")}
            record["boundary"] = {**asdict(self.boundary), **ratios}
        return record


@contextmanager
def staged_results(out: Path, names: Sequence[str], *, pictures: bool) -> Iterator[Path]:
    """A folder for what `write_results` and, with `pictures` of the pairs `names`, PictureWriter write.

    At the end all of it appears in `out` or nothing, in place of an earlier test's files. OutputError where `out`
    cannot be written.
    """
    new = _pictures(names) if pictures else []
    earlier = sorted(set(_earlier_pictures(out)) - set(new))
    with staged_files(out, (METRICS_FILE, PER_PAIR, *new), optional=(PER_SITE, PRECISION_RECALL, *earlier)) as folder:
        yield folder


def write_results(
    result: Evaluation, folder: Path, *, about: Mapping[str, Any], boundary: BoundaryCounts | None = None
) -> None:
    """Write metrics.json, per_pair.csv, per_site.csv (where sites are known) and precision_recall.csv.

    `folder` is that of `staged_results`. metrics.json begins with what is said `about` the detector.
    """
    per_pair = site_table(result.by_pair).rename(columns={"site": "name"})
    if result.sites is not None:
        per_pair.insert(1, "site", list(result.sites))
    write_json(folder / METRICS_FILE, {**about, **MetricsRecord.of(result, boundary).as_json()})
    write_text(folder / PER_PAIR, csv_text(per_pair))
    if result.by_site is not None:
        write_text(folder / PER_SITE, csv_text(site_table(result.by_site)))
    if (curve := precision_recall(result.histogram)) is not None:
        write_text(folder / PRECISION_RECALL, csv_text(pd.DataFrame(curve._asdict())))


def add_to_metrics(folder: Path, more: Mapping[str, Any]) -> None:
    """Write `more` into the metrics.json that a test left in `folder`. OutputError where that cannot be written."""
    path = folder / METRICS_FILE
    write_json(path, {**json.loads(path.read_text(encoding="utf-8")), **more})


class PictureWriter:
    """Takes batches and writes masks/NAME.png and maps/NAME.png into `folder`, that of `staged_results`."""

    def __init__(self, folder: Path, threshold: float) -> None:
        self.folder, self.threshold = folder, threshold

    def __call__(self, batch: ChangeBatch, probability: Tensor) -> None:
        predicted = (probability >= self.threshold).cpu().numpy()
        for name, prediction, truth in zip(batch.names, predicted, batch.mask.numpy(), strict=True):
            mask, agreement = (self.folder / picture for picture in _pictures([name]))
            save_mask(prediction, mask)
            save_agreement(prediction, truth, agreement)


class BoundaryCounter:
    """Takes batches and counts outlines in `counts`; `tolerance` [pixels] is that of the boundary F-score."""

    def __init__(self, threshold: float, tolerance: float) -> None:
        self.threshold, self.tolerance = threshold, tolerance
        self.counts = BoundaryCounts()

    def __call__(self, batch: ChangeBatch, probability: Tensor) -> None:
        predicted = (probability >= self.threshold).cpu().numpy().astype("uint8")
        for prediction, truth in zip(predicted, batch.mask.numpy(), strict=True):
            self.counts += BoundaryCounts.count(prediction, truth, tolerance=self.tolerance)


def file_stem(name: str) -> str:
    """`name` with what file systems do not take percent-encoded, so that no two names meet in one file."""
    return quote(name, safe=" ,()")


def _pictures(names: Iterable[str]) -> list[str]:
    """Of each pair its mask and its map."""
    return [f"{folder}/{file_stem(name)}.png" for name in names for folder in PICTURES]


def _earlier_pictures(out: Path) -> Iterator[str]:
    """Those that an earlier test left: both of a pair that its table names, so that no image of others is taken."""
    try:
        names = pd.read_csv(out / PER_PAIR, usecols=["name"], dtype=str, keep_default_na=False)["name"].map(from_csv)
    except (OSError, ValueError):  # no table, or none of ours
        return
    for name in names:
        pictures = _pictures([name])
        if all((out / picture).is_file() for picture in pictures):
            yield from pictures
