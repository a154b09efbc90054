"""One page on which detectors are seen side by side, as in figures 14 and 15 of the MineNetCD paper."""

import textwrap
from collections.abc import Callable, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minenetcd.data.figure_style import INK, QUIET, titled
from minenetcd.evaluation.change_map import change_map
from minenetcd.explain.explanation import ExplainOptions, Explanation, HeatMap, region_of_change
from minenetcd.explain.panels import (
    HEAT_COLOURS,
    PROBABILITY_COLOURS,
    colour_bar,
    draw_heat,
    draw_mask,
    draw_picture,
    draw_probability,
    say,
)
from minenetcd.explain.view import View, colours

PANEL_INCHES, BAR_INCHES = 2.1, 0.12
NAME_CHARACTERS = 22  # a line beside a row
HEAT_LABEL = "heat: share of the largest value of each map"

Draw = Callable[[Axes], None]
Cell = tuple[str, Draw] | None  # heading and picture
Row = tuple[str, list[Cell]]


def explanation_sheet(view: View, explanations: Mapping[str, Explanation], options: ExplainOptions) -> Figure:
    """The images, then a row for each stage of each detector: its answer, and a heat map a level.

    With one level chosen, a row for each detector and a heat map a stage.
    """
    rows = [_images(view)]
    for name, explanation in explanations.items():
        rows += _rows(name, explanation, view, one_level=len(options.levels or ()) == 1)
    return _page(rows, view.shape, *_words(view, explanations, options))


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
    cells: list[Cell] = [
        (name, lambda axes, date=date: draw_picture(axes, colours(date, view.valid)))
        for name, date in (("before", view.before), ("after", view.after))
    ]
    if view.truth is not None:
        truth = view.truth
        cells.append(("truth", lambda axes: draw_mask(axes, truth)))
    return "", cells


def _rows(name: str, explanation: Explanation, view: View, *, one_level: bool) -> list[Row]:
    answer: Cell = ("probability", lambda axes: draw_probability(axes, explanation.probability, view.valid))
    by_place = {(heat_map.stage, heat_map.level): heat_map for heat_map in explanation.maps}
    if one_level:
        cells = [
            (stage, _heat(view, by_place[stage, explanation.levels[0]], explanation)) for stage in explanation.stages
        ]
        return [(wrapped(name), [answer, *cells])]
    firsts = [answer, _agreement(view, explanation)] + [None] * len(explanation.stages)
    rows = []
    for first, stage in zip(firsts, explanation.stages, strict=False):
        maps = [by_place[stage, level] for level in explanation.levels]
        cells = [(_level(heat_map), _heat(view, heat_map, explanation)) for heat_map in maps]
        rows.append((wrapped(name, stage), [first, *cells]))
    return rows


def wrapped(*names: str) -> str:
    """Each name on lines of its own, short enough to stand beside a row."""
    return "\n".join(line for name in names for line in textwrap.wrap(name, NAME_CHARACTERS))


def _level(heat_map: HeatMap) -> str:
    rows, columns = heat_map.cells
    return f"level {heat_map.level}, {rows} x {columns} cells"


def _agreement(view: View, explanation: Explanation) -> Cell:
    """The change map against the truth in the paper's colours; nothing where there is no truth."""
    truth = view.truth
    if truth is None:
        return None
    return "change map", lambda axes: draw_picture(axes, change_map(explanation.changed, truth))


def _heat(view: View, heat_map: HeatMap, explanation: Explanation) -> Draw:
    def draw(axes: Axes) -> None:
        draw_heat(axes, heat_map.values, colours(view.after, view.valid), region_of_change(view, explanation))
        if heat_map.peak == 0:
            say(axes, "nothing here\nspeaks for it")

    return draw


def _page(rows: list[Row], shape: tuple[int, int], title: str, subtitle: str) -> Figure:
    columns = max(3, *(len(cells) for _, cells in rows))
    aspect = min(4.0, max(0.25, shape[1] / shape[0]))
    wide, high = PANEL_INCHES * aspect**0.5 + 0.1, PANEL_INCHES / aspect**0.5 + 0.3
    figure = titled(max(wide * columns + 0.8, 6.5), high * len(rows) + 1.25, title, subtitle)
    places = figure.add_gridspec(len(rows) + 1, columns, height_ratios=[high] * len(rows) + [BAR_INCHES])
    for row, (name, cells) in enumerate(rows):
        _fill([figure.add_subplot(places[row, column]) for column in range(columns)], name, cells)
    colour_bar(figure, figure.add_subplot(places[-1, 0]), PROBABILITY_COLOURS, "probability of change")
    colour_bar(figure, figure.add_subplot(places[-1, 1:3]), HEAT_COLOURS, HEAT_LABEL)
    return figure


def _fill(places: list[Axes], name: str, cells: list[Cell]) -> None:
    cells = cells + [None] * (len(places) - len(cells))
    for axes, cell in zip(places, cells, strict=True):
        if cell is None:
            axes.set_axis_off()
            continue
        heading, draw = cell
        draw(axes)
        axes.set_title(heading, fontsize=8.5, color=QUIET, loc="left", pad=3)
    if name:
        first = places[0]
        if cells[0] is None:  # the name stands beside an empty place
            first.set_axis_on()
            first.set(xticks=[], yticks=[])
            first.spines[:].set_visible(False)
        first.set_ylabel(name, fontsize=8.5, color=INK)


def _words(view: View, explanations: Mapping[str, Explanation], options: ExplainOptions) -> tuple[str, str]:
    """Title and subtitle: what is explained, of which pixels, and what is outlined."""
    target, called = ("change", "changed") if options.target == "change" else ("no change", "unchanged")
    pixels = "all pixels" if options.pixels == "all" else f"the pixels each calls {called}"
    line = [f"Log-odds of {target}, mean over {pixels}"]
    if fell_back := [name for name, explanation in explanations.items() if explanation.fell_back]:
        line.append(f"{', '.join(fell_back)}, which has none: over all")
    line.append(f"outlined: {'what each found' if view.truth is None else 'the truth'}")
    if view.truth is not None and len(options.levels or ()) != 1:
        line.append("map: green right, red invented, blue missed")
    return f"What speaks for {target}: Grad-CAM", "; ".join(line)
