"""Printed numbers to set beside measured ones, and the authors' weights of a row."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from minenetcd.benchmark.suite.labels import backbone_of, has_change_fft
from minenetcd.display.words import MEASURES
from minenetcd.weights.maps.minenetcd import RELEASED
from minenetcd.weights.scores import PRINTED, published_scores

PAPER = Path(__file__).parent / "paper"

#: The data set of all tables of the paper, by the name its published scores have.
PAPER_DATA = "MineNetCD256"

SOURCES = {"framework": "the tables of the unified framework", "paper": "table 2 of the paper"}


@dataclass(frozen=True)
class Printed:
    """Digits as printed, by our name of the measure; `source` says where, `note` what is doubtful."""

    digits: dict[str, str]
    source: str
    note: str | None = None


def printed_score(model: Mapping[str, Any], table: str | None, prefer: Literal["framework", "paper"]) -> Printed | None:
    """What was printed for this `model` (name and options) on the data set with published scores `table`.

    With `prefer="paper"`, table 2 of the paper, and the framework's tables only where it has no such row. Of
    MineNetCD, only Swin-T with ChangeFFT is printed in either.
    """
    if table is None or (backbone_of(model) and not _is_the_printed_one(model)):
        return None
    if prefer == "paper" and table == PAPER_DATA and model["name"] in (rows := _rows("table2.csv")):
        return Printed(rows[model["name"]], SOURCES["paper"])
    scores = published_scores(model["name"], dataset=table)
    if not scores:
        return None
    digits = {ours: scores[0].printed[theirs] for theirs, ours in PRINTED.items()}
    return Printed(digits, SOURCES["framework"], scores[0].note)


def printed_gain(model: Mapping[str, Any], table: str | None) -> dict[str, str] | None:
    """What ChangeFFT adds to F1 and cIoU of this `model`, as table 3 of the paper prints it, with its sign."""
    if table != PAPER_DATA or not has_change_fft(model):
        return None
    return _rows("table3.csv").get(backbone_of(model) or "")


def published_weights(model: Mapping[str, Any], table: str | None) -> str | None:
    """Hub id of the authors' weights of this `model` on the data set with published scores `table`.

    MineNetCD's weights were trained with the `spatial` form of ChangeFFT: they are taken for either form.
    """
    scores = published_scores(model["name"], dataset=table) if table else []
    if not backbone_of(model) or _is_the_printed_one(model):
        return scores[0].weights if scores else None
    if table != PAPER_DATA:
        return None
    return RELEASED.get((str(backbone_of(model)), bool(has_change_fft(model))))


def _is_the_printed_one(model: Mapping[str, Any]) -> bool:
    return backbone_of(model) == "swin_t" and bool(has_change_fft(model))


def _rows(file: str) -> dict[str, dict[str, str]]:
    """Rows of one of the paper's tables by their first column."""
    with (PAPER / file).open(encoding="utf-8", newline="") as lines:
        return {
            next(iter(row.values())): {key: row[key] for key in MEASURES if key in row} for row in csv.DictReader(lines)
        }
