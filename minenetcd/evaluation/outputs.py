"""What an evaluation leaves behind: metrics, a row for each pair and site, curves, masks and change maps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import pandas as pd
from torch import Tensor

from minenetcd.data.dataset import DatasetFacts
from minenetcd.display.agreement import save_agreement, save_mask
from minenetcd.evaluation.boundary import BoundaryCounts
from minenetcd.evaluation.by_site import site_table
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.curves import average_precision, calibration_error, precision_recall
from minenetcd.evaluation.evaluate import Evaluation
from minenetcd.evaluation.significance import MAIN, Interval, bootstrap_over_sites
from minenetcd.files import make_folder, staged_files, write_json, write_text
from minenetcd.types import ChangeSample

METRICS = "metrics.json"


@dataclass(frozen=True)
class MetricsRecord:
    """Everything measured in one test; what is undefined is None. `intervals` (95 %, over sites) of each of MAIN."""

    data: DatasetFacts
    pairs: int
    sites: int | None
    threshold: float
    counts: Confusion
    intervals: Mapping[str, Interval | None]
    average_precision: float | None
    expected_calibration_error: float | None
    boundary: BoundaryCounts | None = None

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
        )

    def as_json(self) -> dict[str, Any]:
        """What metrics.json holds, as plain values."""
        record = {
            "data": asdict(self.data),
            "pairs": self.pairs,
            "sites": self.sites,
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


def write_results(
    result: Evaluation, out: Path, *, about: Mapping[str, str | bool | None], boundary: BoundaryCounts | None = None
) -> Path:
    """Write metrics.json, per_pair.csv, per_site.csv (where sites are known) and precision_recall.csv into `out`.

    All of them, or none. metrics.json begins with what is said `about` the detector. OutputError where `out` cannot be
    written.
    """
    per_pair = site_table(result.by_pair).rename(columns={"site": "name"})
    if result.sites is not None:
        per_pair.insert(1, "site", list(result.sites))
    curve = precision_recall(result.histogram)
    with staged_files(out, (METRICS, "per_pair.csv"), optional=("per_site.csv", "precision_recall.csv")) as folder:
        write_json(folder / METRICS, {**about, **MetricsRecord.of(result, boundary).as_json()})
        write_text(folder / "per_pair.csv", per_pair.to_csv(index=False))
        if result.by_site is not None:
            write_text(folder / "per_site.csv", site_table(result.by_site).to_csv(index=False))
        if curve is not None:
            write_text(folder / "precision_recall.csv", pd.DataFrame(curve._asdict()).to_csv(index=False))
    return out / METRICS


class PictureWriter:
    """Takes batches and writes masks/NAME.png and maps/NAME.png; with `tolerance`, counts outlines as well.

    `tolerance` [pixels] is that of the boundary F-score.
    """

    def __init__(self, out: Path, threshold: float, *, pictures: bool = True, tolerance: float | None = None) -> None:
        self.masks, self.maps = out / "masks", out / "maps"
        self.threshold, self.pictures, self.tolerance = threshold, pictures, tolerance
        self.boundary = BoundaryCounts()
        if pictures:
            for folder in (self.masks, self.maps):
                make_folder(folder)

    def __call__(self, batch: ChangeSample, probability: Tensor) -> None:
        predicted = (probability >= self.threshold).cpu().numpy()
        for name, prediction, truth in zip(batch.name, predicted, batch.mask.numpy(), strict=True):
            if self.pictures:
                save_mask(prediction, self.masks / f"{file_stem(name)}.png")
                save_agreement(prediction, truth, self.maps / f"{file_stem(name)}.png")
            if self.tolerance is not None:
                self.boundary += BoundaryCounts.count(prediction.astype("uint8"), truth, tolerance=self.tolerance)


def file_stem(name: str) -> str:
    """`name` with what file systems do not take percent-encoded, so that no two names meet in one file."""
    return quote(name, safe=" ,()")
