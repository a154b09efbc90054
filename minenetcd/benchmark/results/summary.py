"""Seeds of a row become one line: mean and spread of each measure, and what was printed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from minenetcd.benchmark.suite.labels import TRUNKS, Trunk, backbone_of, has_change_fft
from minenetcd.display.words import MEASURES

#: What the columns of a table over several parts differ in.
Axis = Literal["data set", "recipe"]


@dataclass(frozen=True)
class Score:
    """One measure over seeds. `mean` is over the seeds where it is defined, None where it is in none.

    `spread` is the standard deviation (of a sample), None with fewer than two.
    """

    mean: float | None
    spread: float | None = None
    defined: int = 0
    of: int = 0

    @classmethod
    def over(cls, values: Iterable[float | None]) -> "Score":
        found = list(values)
        defined = pd.Series([value for value in found if value is not None and not pd.isna(value)], dtype=float)
        mean = None if defined.empty else float(defined.mean())
        return cls(mean, float(defined.std()) if len(defined) > 1 else None, len(defined), len(found))


@dataclass(frozen=True)
class Line:
    """One row of a table: `scores` by measure over the finished seeds, `printed` digits by measure.

    `cells` are the ids of its finished cells; `state` is "finished" where there is one, else "failed", "not run" or
    "not published". Lines with one `twin` differ in ChangeFFT alone. What stands `beside` the methods is not compared
    with them. `refused_pairs` count as unchanged: a detector without training could not work on them.
    """

    row: str
    label: str
    group: str | None
    model: Mapping[str, Any]
    scores: Mapping[str, Score]
    printed: Mapping[str, str]
    printed_gain: Mapping[str, str]
    printed_in: str | None
    printed_note: str | None
    parameters: int | None
    macs: int | None
    train_seconds: float | None
    test_seconds_per_pair: float | None
    weights: str
    cells: tuple[str, ...]
    state: str
    twin: str
    beside: bool = False
    refused_pairs: int = 0

    @property
    def backbone(self) -> str | None:
        return backbone_of(self.model)

    @property
    def trunk(self) -> Trunk | None:
        """Its backbone, where it is one of figure 13."""
        return TRUNKS.get(self.backbone or "")

    @property
    def has_change_fft(self) -> bool | None:
        return has_change_fft(self.model)

    @property
    def f1(self) -> float | None:
        return self.scores["f1"].mean


@dataclass(frozen=True)
class Part:
    """Everything of one data set and recipe: what one table holds, those that stand beside the methods last."""

    dataset: str
    recipe: str
    lines: tuple[Line, ...]

    @property
    def place(self) -> str:
        """Data set and recipe in words."""
        return f"{self.dataset}, recipe {self.recipe}" if self.recipe else self.dataset

    def name(self, axis: Axis) -> str:
        """What it is called where the parts of one table differ in `axis` alone."""
        return self.dataset if axis == "data set" else self.recipe

    @property
    def methods(self) -> list[Line]:
        """The lines that are compared."""
        return [line for line in self.lines if not line.beside]

    @property
    def measured(self) -> list[Line]:
        """The methods with an F1, best first."""
        known = [(line.f1, line) for line in self.methods if line.f1 is not None]
        return [line for _, line in sorted(known, key=lambda each: each[0], reverse=True)]


def parts(frame: pd.DataFrame) -> list[Part]:
    """The tables that `frame` (results) makes: one for each data set and recipe.

    Rows with weights trained elsewhere have no recipe: they stand in the tables of all recipes.
    """
    recipes = [recipe for recipe in dict.fromkeys(frame["recipe"]) if recipe] or [""]
    found = []
    for dataset in dict.fromkeys(frame["dataset"]):
        for recipe in recipes:
            here = frame[(frame["dataset"] == dataset) & frame["recipe"].isin([recipe, ""])]
            lines = tuple(_line(rows) for _, rows in here.groupby("row", sort=False))
            if lines:
                found.append(Part(dataset, recipe, lines))
    return found


def _line(rows: pd.DataFrame) -> Line:
    done, first = rows[rows["state"] == "finished"], rows.iloc[0]
    values = {name: rows[name].tolist() for name in MEASURES}  # a seed that is missing is not left out in silence
    printed, gain = _digits(first, "published", MEASURES), _digits(first, "published_gain", ("f1", "ciou"))
    return Line(
        row=first["row"],
        label=first["label"],
        group=_text_or_none(first["group"]),
        model=json.loads((done if len(done) else rows).iloc[0]["model"]),
        scores={name: Score.over(column) for name, column in values.items()},
        printed=printed,
        printed_gain=gain,
        printed_in=_text_or_none(first["published_in"]),
        printed_note=_text_or_none(first["published_note"]),
        parameters=_first(done["parameters"]),
        macs=_first(done["macs"]),
        train_seconds=_mean(done["train_seconds"]),
        test_seconds_per_pair=_mean(done["test_seconds"] / done["pairs"].astype(float)),
        weights=first["weights"],
        cells=tuple(done["cell"]),
        state="finished" if len(done) else "failed" if (rows["state"] == "failed").any() else first["state"],
        twin=first["twin"],
        beside=bool(first["beside"]),
        refused_pairs=int(done["refused_pairs"].fillna(0).max()) if len(done) else 0,
    )


def gains(lines: Sequence[Line]) -> list[tuple[Line, Line]]:
    """Pairs of lines that differ in ChangeFFT alone: without it, with it."""
    found = []
    for line in lines:
        if line.has_change_fft:
            without = next((o for o in lines if o.has_change_fft is False and o.twin == line.twin), None)
            if without is not None:
                found.append((without, line))
    return found


def _first(column: pd.Series) -> int | None:
    known = column.dropna()
    return int(known.iloc[0]) if len(known) else None


def _mean(column: pd.Series) -> float | None:
    known = column.dropna()
    return float(known.mean()) if len(known) else None


def _text_or_none(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _digits(row: pd.Series, prefix: str, names: Iterable[str]) -> dict[str, str]:
    return {name: digits for name in names if (digits := _text_or_none(row[f"{prefix}_{name}"]))}
