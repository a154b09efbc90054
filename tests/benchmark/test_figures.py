"""The figures of a benchmark, however long the names are."""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from matplotlib.figure import Figure

from fixtures.texts_inside import LONG_NAMES, texts_outside
from minenetcd.benchmark.report.figures.bars import bars
from minenetcd.benchmark.report.figures.comparison import across, critical_comparison
from minenetcd.benchmark.report.figures.cost import cost
from minenetcd.benchmark.report.figures.gains import change_fft_gains
from minenetcd.benchmark.results.comparison import Comparison, compare
from minenetcd.benchmark.results.summary import Line, Part, Score
from minenetcd.display.figure_style import figure_style, fitted, text_inches, titled

OURS = {"name": "minenetcd", "backbone": "a_new_one", "change_fft": "channel"}


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    with figure_style():
        yield


def line(label: str, f1: float, **values: object) -> Line:
    scores = {name: Score(value, 0.02, 2, 2) for name, value in (("f1", f1), ("ciou", f1 / (2 - f1)))}
    known = {
        "row": label, "label": label, "group": None, "model": {"name": "bit"}, "scores": scores,
        "printed": {"f1": "0.0600", "ciou": "0.0309"}, "printed_gain": {}, "printed_in": None, "printed_note": None,
        "parameters": 2**20 * (1 + len(label) % 7), "macs": int(2**30 * (1 + 10 * f1)), "train_seconds": None,
        "test_seconds_per_pair": None, "weights": "trained", "cells": (), "state": "finished", "twin": label,
    }  # fmt: skip
    return Line(**(known | values))


def part(names: tuple[str, ...] = LONG_NAMES) -> Part:
    scores = np.linspace(0.9, 0.02, len(names))
    return Part(LONG_NAMES[-1], "paper", tuple(line(name, f1) for name, f1 in zip(names, scores, strict=True)))


def compared(some: Part) -> Comparison:
    rng = np.random.default_rng(0)
    counts = np.stack([rng.integers(1, 100, (6, 4)) + np.array([int(1000 * one.f1), 0, 0, 0]) for one in some.lines])
    return compare(tuple(one.label for one in some.lines), counts, unit="site", draws=200)


def families() -> Part:
    lines = [
        line(backbone, 0.5, group=LONG_NAMES[0], model={"name": "minenetcd", "backbone": backbone})
        for backbone in ("swin_t", "swin_s")
    ]
    return dataclasses.replace(part(), lines=tuple(lines))


def pairs() -> Part:
    without = OURS | {"change_fft": "none"}
    lines = (line(LONG_NAMES[0], 0.4, model=without, twin="t"), line(LONG_NAMES[1], 0.5, model=OURS, twin="t"))
    return dataclasses.replace(part(), lines=lines)


FIGURES: dict[str, Callable[[], Figure | None]] = {
    "bars": lambda: bars(part(), compared(part())),
    "families": lambda: bars(families(), None),
    "comparison": lambda: critical_comparison(compared(part()), part().place),
    "across": lambda: across([part(), dataclasses.replace(part(), dataset=LONG_NAMES[0])], "data set"),
    "cost": lambda: cost(part()),
    "gains": lambda: change_fft_gains(pairs()),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_long_names_stay_in_the_figure(name: str) -> None:
    figure = FIGURES[name]()
    assert figure is not None and texts_outside(figure) == []


def test_a_number_beside_a_diamond_says_that_it_is_measured() -> None:
    figure = bars(part(("good", "poor", "worse")), None)
    assert figure is not None
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.9000", "0.4600", "0.0200 measured"]


def test_whiskers_are_explained() -> None:
    def words(figure: Figure | None) -> str:
        return figure.texts[1].get_text().replace("\n", " ")

    assert "whiskers: 95 % interval over 6 sites" in words(bars(part(), compared(part())))
    assert "whiskers: standard deviation over seeds" in words(bars(families(), None))
    assert "with ChangeFFT" not in words(bars(families(), None))


def test_small_points_lie_on_large_ones() -> None:
    figure = cost(part(("a", "bb", "ccc")))
    sizes = [found.get_sizes()[0] for found in figure.axes[0].collections[:3]]
    assert sizes == sorted(sizes, reverse=True)


def test_text_is_wrapped_to_its_room() -> None:
    assert fitted("short", 2) == "short" and fitted("", 2) == "" and fitted("a\nb", 2) == "a\nb"
    for name in LONG_NAMES:
        wrapped = fitted(f"words {name} words", 2)
        assert text_inches(wrapped) <= 2 and "".join(wrapped.split()) == "".join(f"words {name} words".split())


def test_dollars_are_dollars_and_long_headings_make_the_figure_taller() -> None:
    figure = titled(5, 3, r"lr $\frac{6$ z", " ".join(LONG_NAMES))
    assert figure.get_size_inches()[1] > 4 and texts_outside(figure) == []


def test_what_lies_outside_is_noticed() -> None:
    figure = titled(5, 3, "inside")
    figure.text(0.9, 0.5, "half of this is outside")
    assert texts_outside(figure) == ["half of this is outside"]
