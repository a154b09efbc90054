"""Test scores of the published weights, as printed by their authors: one row a model and data set.

Source: README of github.com/EricYu97/UCD; the files in `published_results/` keep its digits, misprints included.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from minenetcd.weights.maps import MAPS

PUBLISHED_RESULTS = Path(__file__).parent / "published_results"

#: The metrics of a row, in the order they are printed -> what we call them.
PRINTED = {"accuracy": "oa", "f1": "f1", "precision": "precision", "recall": "recall", "iou": "ciou"}


@dataclass(frozen=True)
class PublishedScore:
    """One row: `printed` holds the digits of each of PRINTED, `weights` the hub id, `note` what is doubtful."""

    method: str
    model: str
    dataset: str
    printed: dict[str, str]
    weights: str
    note: str | None = None

    def __getitem__(self, metric: str) -> float:
        """The value of one of PRINTED, 0 to 1."""
        return float(self.printed[metric])


@cache
def methods() -> dict[str, str]:
    """How the tables spell a method -> our name of it."""
    return {method.PUBLISHED.table: name for name, method in MAPS.items()}


def published_scores(model: str | None = None, *, dataset: str | None = None) -> list[PublishedScore]:
    """All rows, or those of our `model` name or of a `dataset` (MineNetCD256, LEVIRCD256, ...)."""
    return [row for row in _rows() if model in (None, row.model) and dataset in (None, row.dataset)]


def score_of(weights: str) -> PublishedScore | None:
    """The row of the weights with this hub id, in any case; None where the tables have none."""
    return next((row for row in _rows() if row.weights.lower() == weights.lower()), None)


def _rows() -> Iterator[PublishedScore]:
    for path in sorted(PUBLISHED_RESULTS.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield _read(row, path.stem)


def _read(row: dict[str, str], dataset: str) -> PublishedScore:
    return PublishedScore(
        method=row["model"],
        model=methods()[row["model"]],
        dataset=dataset,
        printed={metric: row[metric] for metric in PRINTED},
        weights=row["pretrained_path"],
        note="; ".join(_notes(row["model"], dataset)) or None,
    )


def _notes(method: str, dataset: str) -> Iterator[str]:
    published = MAPS[methods()[method]].PUBLISHED
    if dataset in published.notes:
        yield published.notes[dataset]
    if published.averaged and dataset == "MineNetCD256":
        yield "mean over several processes: good to about 0.001"
    if published.chosen_on_test and dataset == "MineNetCD256":
        yield "trained from a local folder, the epoch was chosen on the test split: optimistic"
