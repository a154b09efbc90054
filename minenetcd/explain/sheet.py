"""One page on which detectors are seen side by side, as in figures 14 and 15 of the MineNetCD paper."""

from collections.abc import Callable, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minenetcd.detectors.side_by_side import short_names
from minenetcd.display.agreement import agreement_legend, agreement_picture
from minenetcd.display.eight_bit import eight_bit_pair
from minenetcd.display.figure_style import fitted, titled
from minenetcd.display.palettes import INK, QUIET
from minenetcd.display.panels import (
    PROBABILITY_COLOURS,
    colour_bar,
    draw_mask,
    draw_nothing,
    draw_picture,
    draw_probability,
    swatch,
)
from minenetcd.explain.explanation import Explanation, HeatMap, region_of_change
from minenetcd.explain.heat_picture import HEAT_COLOURS, draw_heat, is_speckled, write_note
from minenetcd.explain.options import ExplainOptions
from minenetcd.explain.view import View

PANEL_INCHES, BAR_INCHES = 2.1, 0.12
NAME_SIZE = 8.5  # of names and headings of pictures [points]
HEAT_LABEL = "heat: share of the largest value of each map"

Draw = Callable[[Axes], None]
Cell = tuple[str, Draw] | None  # heading and picture
Row = tuple[list[str], list[Cell]]  # names beside it, and its places


def explanation_sheet(view: View, explanations: Mapping[str, Explanation], options: ExplainOptions) -> Figure:
    """The images, then a row for each stage of each detector: its answer, and a heat map a level.

    With one level chosen, a row for each detector and a heat map a stage.
    """
    rows, short = [_images(view)], short_names(explanations)
    levels = options.levels or ()
    wide = any(len(explanation.stages) < 2 for explanation in explanations.values())
    for name, explanation in explanations.items():
        if len(levels) == 1:
            rows.append(_row_of_stages(short[name], explanation, view, levels[0]))
        else:
            rows += _rows_of_levels(short[name], explanation, view, wide=wide)
    figure = _page(rows, view.shape, *_words(view, explanations, options), has_legend=view.truth is not None)
    if view.truth is not None:
        legend = [swatch("change map:", None), *(swatch(*entry) for entry in agreement_legend(view.truth).items())]
        figure.legend(
            handles=legend, loc="outside lower center", ncols=len(legend), fontsize=NAME_SIZE, handlelength=1.2
        )
    return figure


def heat_figure(view: View, heat_map: HeatMap, explanation: Explanation, title: str, subtitle: str) -> Figure:
    """One heat map on the image after, with its colour bar."""
    height, width = view.shape
    scale = 4.6 / max(height, width)
    figure = titled(max(4.6, width * scale + 0.4), height * scale + 1.3, title, subtitle)
    picture, bar = figure.subplots(2, 1, height_ratios=[height * scale, BAR_INCHES])
    _heat(view, heat_map, explanation)(picture)
    colour_bar(figure, bar, HEAT_COLOURS, "share of the largest value")
    return figure


def _images(view: View) -> Row:
    before, after = eight_bit_pair(view.before, view.after, view.valid)
    cells: list[Cell] = [
        ("before", lambda axes: draw_picture(axes, before)),
        ("after", lambda axes: draw_picture(axes, after)),
    ]
    if view.truth is not None:
        truth = view.truth
        cells.append(("truth", lambda axes: draw_mask(axes, truth)))
    return [], cells


def _row_of_stages(name: str, explanation: Explanation, view: View, level: int) -> Row:
    """The answer, and the heat of one level before and after ChangeFFT, or at whatever stages there are."""
    maps = [heat_map for heat_map in explanation.maps if heat_map.level == level]
    cells: list[Cell] = [(heat_map.stage, _heat(view, heat_map, explanation)) for heat_map in maps]
    return [name], [*_answers(view, explanation), *(cells or [_nothing(f"has no level {level}")])]


def _rows_of_levels(name: str, explanation: Explanation, view: View, *, wide: bool) -> list[Row]:
    """A row for each stage, the answer before the first; the change map below it or, if `wide`, beside it."""
    answers = _answers(view, explanation)
    if not explanation.maps:
        return [([name], [*answers, _nothing("has none of\nthese levels")])]
    firsts: list[list[Cell]] = [answers] if wide else [[answer] for answer in answers]
    empty: list[Cell] = [None] * len(firsts[0])
    rows: list[Row] = []
    for index, stage in enumerate(explanation.stages):
        maps = [heat_map for heat_map in explanation.maps if heat_map.stage == stage]
        cells: list[Cell] = [(_level(heat_map), _heat(view, heat_map, explanation)) for heat_map in maps]
        rows.append(([name, stage], [*(firsts[index] if index < len(firsts) else empty), *cells]))
    return rows


def _answers(view: View, explanation: Explanation) -> list[Cell]:
    """Its probability and, where there is a truth, its change map against it in the paper's colours."""
    answers: list[Cell] = [("probability", lambda axes: draw_probability(axes, explanation.probability, view.valid))]
    if (truth := view.truth) is not None:
        answers.append(("change map", lambda axes: draw_picture(axes, agreement_picture(explanation.changed, truth))))
    return answers


def _nothing(words: str) -> Cell:
    return "", lambda axes: draw_nothing(axes, words)


def wrapped(*names: str, inches: float, size: float = NAME_SIZE) -> str:
    """Each name on lines of its own, short enough to stand beside a row of this height."""
    return "\n".join(fitted(name, inches, size=size) for name in names)


def _level(heat_map: HeatMap) -> str:
    rows, columns = heat_map.cells
    return f"level {heat_map.level}, {rows} x {columns} cells"


def _heat(view: View, heat_map: HeatMap, explanation: Explanation) -> Draw:
    def draw(axes: Axes) -> None:
        _, after = eight_bit_pair(view.before, view.after, view.valid)
        draw_heat(axes, heat_map.values, after, region_of_change(view, explanation))
        if heat_map.peak == 0:
            write_note(axes, "nothing here\nspeaks for it")

    return draw


def _page(rows: list[Row], shape: tuple[int, int], title: str, subtitle: str, *, has_legend: bool) -> Figure:
    columns = max(3, *(len(cells) for _, cells in rows))
    aspect = min(4.0, max(0.25, shape[1] / shape[0]))
    wide, high = PANEL_INCHES * aspect**0.5 + 0.1, PANEL_INCHES / aspect**0.5 + 0.3
    figure = titled(max(wide * columns + 0.8, 6.5), high * len(rows) + (1.5 if has_legend else 1.25), title, subtitle)
    places = figure.add_gridspec(len(rows) + 1, columns, height_ratios=[high] * len(rows) + [BAR_INCHES])
    column = (figure.get_figwidth() - 0.8) / columns
    for row, (names, cells) in enumerate(rows):
        name = wrapped(*names, inches=high - 0.3)
        _fill([figure.add_subplot(places[row, place]) for place in range(columns)], name, cells, column - 0.15)
    label = fitted(HEAT_LABEL, 2 * column - 0.2, size=NAME_SIZE)
    colour_bar(figure, figure.add_subplot(places[-1, 0]), PROBABILITY_COLOURS, "probability of change")
    colour_bar(figure, figure.add_subplot(places[-1, 1:3]), HEAT_COLOURS, label)
    return figure


def _fill(places: list[Axes], name: str, cells: list[Cell], inches: float) -> None:
    """Draw `cells` into the `places` of a row, their headings as wide as a place has `inches`."""
    cells = cells + [None] * (len(places) - len(cells))
    for axes, cell in zip(places, cells, strict=True):
        if cell is None:
            axes.set_axis_off()
            continue
        heading, draw = cell
        draw(axes)
        axes.set_title(fitted(heading, inches, size=NAME_SIZE), fontsize=NAME_SIZE, color=QUIET, loc="left", pad=3)
    if name:
        first = places[0]
        if cells[0] is None:  # the name stands beside an empty place
            first.set_axis_on()
            first.set(xticks=[], yticks=[])
            first.spines[:].set_visible(False)
        first.set_ylabel(name, fontsize=NAME_SIZE, color=INK)


def _words(view: View, explanations: Mapping[str, Explanation], options: ExplainOptions) -> tuple[str, str]:
    """Title and subtitle: what is explained, of which pixels, and what is outlined."""
    target, called = ("change", "changed") if options.target == "change" else ("no change", "unchanged")
    pixels = "all pixels" if options.pixels == "all" else f"the pixels each calls {called}"
    line = [f"Log-odds of {target}, mean over {pixels}"]
    short = short_names(explanations)
    if fell_back := [short[name] for name, explanation in explanations.items() if explanation.fell_back]:
        line.append(f"{', '.join(fell_back)}, which {'has' if len(fell_back) == 1 else 'have'} none: over all")
    line.append(outline_words(view, {short[name]: explanation for name, explanation in explanations.items()}))
    return f"What speaks for {target}: Grad-CAM", "; ".join(line)


def outline_words(view: View, explanations: Mapping[str, Explanation]) -> str:
    """What is outlined, and what is not, because it has too many edges."""
    speckled = [name for name, found in explanations.items() if is_speckled(region_of_change(view, found))]
    if view.truth is not None:
        return "the truth is too speckled to be outlined" if speckled else "outlined: the truth"
    if len(speckled) == len(explanations):
        return "what was found is too speckled to be outlined"
    return "outlined: what each found" + (f", but for {', '.join(speckled)}, too speckled" if speckled else "")
