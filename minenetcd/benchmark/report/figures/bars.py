"""F1 and cIoU as bars: best first, or as in figure 13 of the paper."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from minenetcd.benchmark.report.figures.write import LABEL_INCHES, WIDTH
from minenetcd.benchmark.results.comparison import Comparison
from minenetcd.benchmark.results.summary import Line, Part, gains
from minenetcd.display.figure_style import fitted, only_grid, row_inches, titled
from minenetcd.display.palettes import ACCENT, BLUE, INK, TRUNK_SIZES
from minenetcd.display.words import MEASURES, counted

DRAWN = ("f1", "ciou")
NUMBER_SHARE = 0.16  # of an axis, that its numbers take
PALE = (TRUNK_SIZES["Nano"], TRUNK_SIZES["Tiny"])


def bars(part: Part, comparison: Comparison | None) -> Figure | None:
    """F1 and cIoU of every row; in groups of three sizes, as figure 13, where the rows are families of backbones."""
    lines = [line for line in part.measured if not _is_ablated(line, part)]
    if len(part.measured) < 1:
        return None
    if lines and all(line.group and line.trunk for line in lines):
        return _family_bars(part, [line for line in part.lines if line in lines])
    return _row_bars(part, comparison)


def _family_bars(part: Part, lines: Sequence[Line]) -> Figure:
    drawn = [(line, line.group or "", line.trunk.size) for line in lines if line.trunk]
    families = list(dict.fromkeys(family for _, family, _ in drawn))
    figure = titled(WIDTH, 4.4, "Backbones of MineNetCD", _family_words(part, lines))
    panels = figure.subplots(1, len(DRAWN))
    sizes = [size for size in TRUNK_SIZES if any(own == size for _, _, own in drawn)]
    width = 0.84 / len(sizes)
    start_at_zero = any(_differ_much(_all_values(lines, measure)) for measure in DRAWN)
    for axes, measure in zip(panels, DRAWN, strict=True):
        for line, family, size in drawn:
            x = families.index(family) + (sizes.index(size) - (len(sizes) - 1) / 2) * width
            _draw_bar(axes, x, line, measure, width, TRUNK_SIZES[size])
        names = [fitted(family, 4.6 / len(families)) for family in families]
        axes.set_xticks(range(len(families)), names, color=INK)
        axes.set_title(MEASURES[measure], loc="left", fontsize=10.5, color=INK)
        _set_height(axes, _all_values(lines, measure), start_at_zero=start_at_zero)
        only_grid(axes, "y")
    for size in sizes:
        panels[0].bar([0], [0], color=TRUNK_SIZES[size], label=size)
    if any(line.printed for line in lines):
        panels[0].scatter([], [], marker="D", s=26, facecolors="white", edgecolors=ACCENT, label="published")
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=len(sizes) + 1, handlelength=1.1)
    return figure


def _family_words(part: Part, lines: Sequence[Line]) -> str:
    """Where it was measured, which of two rows of a backbone is shown, and what the whiskers are."""
    words = [part.place]
    if any(_is_ablated(line, part) for line in part.lines):
        words.append("with ChangeFFT")
    if any(line.scores[measure].spread is not None for line in lines for measure in DRAWN):
        words.append("whiskers: standard deviation over seeds")
    return "; ".join(words)


def _draw_bar(axes: Axes, x: float, line: Line, measure: str, width: float, colour: str) -> None:
    score = line.scores[measure]
    if score.mean is None:  # undefined: there is no bar
        return
    axes.bar(x, score.mean, width * 0.94, color=colour, yerr=score.spread, ecolor=INK, capsize=2, error_kw={"lw": 0.9})
    if printed := line.printed.get(measure):
        axes.scatter(x, float(printed), marker="D", s=26, facecolors="white", edgecolors=ACCENT, zorder=3)
    axes.annotate(
        f"{score.mean:.3f}", (x, 0), (0, 5), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="center", fontsize=8, color=INK if colour in PALE else "white",
    )  # fmt: skip


def _all_values(lines: Sequence[Line], measure: str) -> list[float]:
    """A measure of all lines, measured and printed."""
    printed = [float(line.printed[measure]) for line in lines if measure in line.printed]
    return [*(mean for line in lines if (mean := line.scores[measure].mean) is not None), *printed]


def _differ_much(values: Sequence[float]) -> bool:
    return min(values) < 0.6 * max(values)


def _set_height(axes: Axes, values: Sequence[float], *, start_at_zero: bool) -> None:
    """Bars from zero where they differ much; else the axis starts below the lowest, and says so."""
    low, high = min(values), max(values)
    start = 0.0 if start_at_zero else max(0.0, np.floor(20 * (low - 0.6 * max(high - low, 0.05))) / 20)
    axes.set_ylim(start, high + 0.1 * (high - start))
    if start > 0:
        axes.set_ylabel(f"the axis starts at {start:.2f}", fontsize=8)


def _row_bars(part: Part, comparison: Comparison | None) -> Figure:
    lines = part.measured
    units = "" if comparison is None else counted(comparison.units, comparison.unit)
    whiskers = f"; whiskers: 95 % interval over {units}" if units else ""
    names = [fitted(line.label, LABEL_INCHES) for line in lines]
    figure = titled(WIDTH, 1.7 + row_inches(names, 0.34) * len(lines), "Methods, best first", part.place + whiskers)
    panels = figure.subplots(1, len(DRAWN), sharey=True)
    for axes, measure in zip(panels, DRAWN, strict=True):
        _draw_rows(axes, lines, measure, comparison)
    panels[0].set_yticks(range(len(lines)), names, color=INK)
    panels[0].invert_yaxis()
    if any(line.printed for line in lines):
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles[:1], names[:1], loc="outside lower center")
    return figure


def _draw_rows(axes: Axes, lines: Sequence[Line], measure: str, comparison: Comparison | None) -> None:
    """A bar for each line with its interval and its printed number; the first is the best.

    Its own number stands in the bar or right of it; where a diamond is in the way, beyond that, and says what it is.
    """
    rows = np.arange(len(lines))
    values = np.array([line.scores[measure].mean for line in lines])
    colours = [TRUNK_SIZES["Small"] if row else BLUE for row in rows]
    axes.barh(rows, values, 0.7, color=colours)
    ends = values.copy()
    if comparison is not None:
        low, high = (_from_f1(measure, _by_line(lines, comparison, side)) for side in (comparison.low, comparison.high))
        axes.hlines(rows, low, high, color=INK, linewidth=1.0)
        ends = np.fmax(ends, high)
    printed = _draw_printed(axes, lines, measure, rows)
    limit = max(np.fmax(ends, printed).max() * 1.05, 0.05)
    outside = (values <= NUMBER_SHARE * limit) | (printed < NUMBER_SHARE * limit)  # no room in the bar
    covered = outside & (ends < printed + 0.02 * limit) & (printed < ends + NUMBER_SHARE * limit)  # by a diamond
    starts = np.where(covered, np.fmax(ends, printed), ends)
    reach = starts + np.where(covered, 1.8, 1.0) * NUMBER_SHARE * limit
    axes.set_xlim(0, max(limit, *reach[outside]) if outside.any() else limit)
    for row, (value, start, bar) in enumerate(zip(values, starts, colours, strict=True)):
        inside = not outside[row]
        axes.annotate(
            f"{value:.4f} measured" if covered[row] else f"{value:.4f}", (0.0 if inside else start, row),
            (8 if covered[row] else 5, 0), textcoords="offset points", va="center", fontsize=8.5,
            color="white" if inside else INK, weight="normal" if row else "bold",
            path_effects=[withStroke(linewidth=3, foreground=bar if inside else "white")],
        )  # fmt: skip
    axes.set_title(MEASURES[measure], loc="left", fontsize=10.5, color=INK)
    only_grid(axes, "x")


def _draw_printed(axes: Axes, lines: Sequence[Line], measure: str, rows: NDArray[np.int_]) -> NDArray[np.float64]:
    """Diamonds where a number was printed; these numbers (N,), NaN where there is none."""
    values = np.array([float(line.printed.get(measure, "nan")) for line in lines])
    known = ~np.isnan(values)
    if known.any():
        axes.scatter(
            values[known], rows[known], marker="D", s=24, facecolors="white", edgecolors=INK, zorder=3,
            label="published",
        )  # fmt: skip
    return values


def _is_ablated(line: Line, part: Part) -> bool:
    return any(line is without for without, _ in gains(part.lines))


def _by_line(lines: Sequence[Line], comparison: Comparison, values: NDArray[np.float64]) -> NDArray[np.float64]:
    place = {label: index for index, label in enumerate(comparison.labels)}
    return np.array([values[place[line.label]] if line.label in place else np.nan for line in lines])


def _from_f1(measure: str, f1: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 as the measure it stands for: cIoU = F1 / (2 - F1), which grows with it."""
    return f1 / (2 - f1) if measure == "ciou" else f1
