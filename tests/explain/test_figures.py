"""The pictures of `explain` and `compare`, however long the names are."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from explain.looking import view_of
from fixtures.texts_inside import LONG_NAMES, texts_outside
from minenetcd.detectors.side_by_side import short_names
from minenetcd.display.figure_style import figure_style
from minenetcd.explain.comparison.comparison import Comparison, Example
from minenetcd.explain.comparison.joint_counts import JointCounts
from minenetcd.explain.comparison.sheet import differences_sheet, groups_figure
from minenetcd.explain.explanation import Explanation, HeatMap
from minenetcd.explain.heat_picture import HEAT_COLOURS, draw_heat, is_speckled
from minenetcd.explain.options import ExplainOptions
from minenetcd.explain.sheet import explanation_sheet, heat_figure
from minenetcd.explain.spectra import Spectrum
from minenetcd.explain.spectra_figure import spectra_figure
from minenetcd.explain.view import View

HEIGHT, WIDTH = 40, 60
STAGES = ("feature difference", "change-aware representation")


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    with figure_style():
        yield


def view(*, truth: bool = True) -> View:
    rng = np.random.default_rng(0)
    shown = view_of(*rng.integers(0, 256, (2, HEIGHT, WIDTH, 3), dtype=np.uint8))
    known = np.zeros((HEIGHT, WIDTH), np.uint8)
    known[10:20, 10:30] = 1
    return View(shown.before, shown.after, shown.valid, shown.grid, shown.window, known if truth else None)


def explanation(stages: tuple[str, ...] = STAGES, levels: tuple[int, ...] = (1, 2)) -> Explanation:
    probability = np.tile(np.linspace(0, 1, WIDTH, dtype=np.float32), (HEIGHT, 1))
    maps = [HeatMap(stage, level, probability, 1.0, (HEIGHT, WIDTH)) for stage in stages for level in levels]
    spectra = [
        Spectrum(stage, level, region, np.ones(9, np.float32), 4)
        for stage in stages for level in levels for region in ("changed", "unchanged")
    ]  # fmt: skip
    return Explanation(None, "change", probability, probability > 0.5, 9, True, maps, spectra)


def sheet(explanations: dict[str, Explanation], *, truth: bool = True, **options: object) -> Figure:
    return explanation_sheet(view(truth=truth), explanations, ExplainOptions(**options))


def comparison(*, truth: bool = True) -> Comparison:
    counts = np.arange(1, 1 + 3 * 8).reshape(3, 2, 2, 2)
    counts[2] = 0
    counts[2, 0, 0] = 9, 4  # nothing changed: F1 of a is undefined, that of b, with false alarms, 0
    joint = JointCounts(LONG_NAMES[:3], counts if truth else counts.sum(axis=1), LONG_NAMES[:3], "pair", "site")
    seen, nothing = view(), np.zeros((HEIGHT, WIDTH), bool)
    example = Example(
        LONG_NAMES[0], seen.before, seen.after, nothing, ~nothing, seen.truth if truth else None, seen.valid
    )
    return Comparison(LONG_NAMES[0], LONG_NAMES[1], LONG_NAMES[2], joint, [example, example])


MANY = {name: explanation() for name in LONG_NAMES[:3]}
FIGURES: dict[str, Callable[[], Figure]] = {
    "sheet": lambda: sheet(MANY),
    "sheet of one level": lambda: sheet(MANY | {"bit": explanation(levels=())}, levels=(1,)),
    "heat": lambda: heat_figure(view(), MANY[LONG_NAMES[0]].maps[0], MANY[LONG_NAMES[0]], *LONG_NAMES[:2]),
    "spectra": lambda: spectra_figure({name: found.spectra for name, found in MANY.items()}, "the truth"),
    "spectra of one level": lambda: spectra_figure({LONG_NAMES[0]: explanation(levels=(1,)).spectra}, "the truth"),
    "differences": lambda: differences_sheet(comparison()),
    "differences without truth": lambda: differences_sheet(comparison(truth=False)),
    "groups": lambda: groups_figure(comparison()),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_long_names_stay_in_the_figure(name: str) -> None:
    assert texts_outside(FIGURES[name]()) == []


def headings(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def legend(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.legends[0].get_texts()}


def words(figure: Figure) -> str:
    return " ".join(text.get_text().replace("\n", " ") for text in figure.texts)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"levels": (1,)}, {"levels": (1, 2)}])
@pytest.mark.parametrize("stages", [STAGES, STAGES[:1]])
def test_the_change_map_is_shown_where_its_colours_are_explained(
    options: dict[str, tuple[int, ...]], stages: tuple[str, ...]
) -> None:
    one = {"one": explanation(stages)}
    assert headings(sheet(one, **options)).count("change map") == 1
    assert "true positive" in legend(sheet(one, **options))
    without = sheet(one, truth=False)
    assert "change map" not in headings(without) and not without.legends


def test_a_detector_without_the_level_keeps_its_place() -> None:
    figure = sheet({"nano": explanation(), "bit": explanation(STAGES[:1], levels=())}, levels=(2,))
    assert headings(figure).count("probability") == 2
    assert "has no level 2" in [text.get_text() for axes in figure.axes for text in axes.texts]


def test_hub_ids_are_shortened_where_that_is_unique() -> None:
    assert short_names(["ericyu/a", "b (runs/b)", "a/c", "b/c"]) == {
        "ericyu/a": "a", "b (runs/b)": "b (runs/b)", "a/c": "a/c", "b/c": "b/c",
    }  # fmt: skip


def test_speckles_are_not_outlined_and_the_subtitle_says_so() -> None:
    noise = np.random.default_rng(0).random((HEIGHT, WIDTH)) < 0.5
    block = np.zeros((HEIGHT, WIDTH), bool)
    block[5:15, 5:15] = True
    assert is_speckled(noise) and not is_speckled(block)
    found = explanation()
    speckled = Explanation(None, "change", found.probability, noise, 9, False, found.maps)
    said = words(sheet({"calm": found, "wild": speckled}, truth=False))
    assert "outlined: what each found, but for wild, too speckled" in said


def test_hot_and_cold_have_about_their_colours_on_a_bright_image() -> None:
    heat = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    axes: Axes = Figure().add_subplot()
    draw_heat(axes, heat, np.full((8, 8, 3), 250, np.uint8), np.zeros((8, 8), bool))
    shown = np.asarray(axes.images[0].get_array())
    assert np.abs(shown - HEAT_COLOURS(heat)[..., :3]).max() < 0.3


def test_groups_left_out_are_counted_for_what_they_are() -> None:
    assert "left out: 1 site in which F1 is undefined for A, B or both" in words(groups_figure(comparison()))


def test_every_colour_of_the_differences_is_explained() -> None:
    agreement = {"true positive", "false positive", "false negative", "true negative"}
    difference = {"both right", "both wrong", "only A right", "only B right"}
    assert agreement | difference <= legend(differences_sheet(comparison()))
    said = legend(differences_sheet(comparison(truth=False)))
    assert {"change", "no change", "neither sees change", "both see change", "only A", "only B"} <= said
    blank = differences_sheet(comparison()).axes[3]
    assert all(spine.get_visible() for spine in blank.spines.values())
