"""Methods against each other: the difference of every two with its certainty, and F1 by data set or recipe."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from minenetcd.benchmark.report.figures.write import LABEL_INCHES, LONGEST_NAME, WIDTH
from minenetcd.benchmark.results.comparison import LEVEL, Comparison
from minenetcd.benchmark.results.summary import Axis, Part
from minenetcd.display.figure_style import fitted, only_grid, row_inches, text_inches, titled
from minenetcd.display.palettes import BLUE, BLUE_LIGHT, BLUES, DIFFERENCES, INK, QUIET
from minenetcd.display.words import counted

INTERVAL_INCHES = 3.0


def critical_comparison(comparison: Comparison, place: str) -> Figure:
    """Left: F1 and its 95 % interval. Right: F1 of the row minus F1 of the column, in colour where it is certain."""
    methods = len(comparison.labels)
    units = counted(comparison.units, comparison.unit)
    subtitle = (
        f"{place}; pooled F1; intervals: paired bootstrap over {units}; in colour: p < {LEVEL:g} by a paired exchange "
        "test after Holm's correction"
    )
    rows, columns = _names(comparison.labels)
    cell = 0.5 if methods > 10 else 0.62  # inches
    width = 1.0 + max(map(text_inches, rows)) + INTERVAL_INCHES + cell * methods
    head = 1.6 + 0.045 * max(map(len, columns))  # inches, for the slanted names
    height = head + row_inches(rows, 0.36) * methods
    figure = titled(max(WIDTH, width), height, "Critical comparison", subtitle)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(INTERVAL_INCHES, cell * methods))
    _draw_intervals(left, comparison)
    _draw_differences(right, comparison, columns)
    left.set_yticks(range(methods), rows, color=INK)
    left.tick_params(which="minor", length=0)
    left.set_ylim(methods - 0.5, -0.5)
    return figure


def across(parts: Sequence[Part], axis: Axis) -> Figure | None:
    """F1 of every method in every one of `parts`, which differ in `axis`, as colours with their numbers."""
    labels = list(dict.fromkeys(line.label for part in parts for line in part.methods))
    scores = [{line.label: line.f1 for line in part.methods} for part in parts]
    values = np.array([[known.get(label) for known in scores] for label in labels], dtype=float)
    if len(parts) < 2 or not np.isfinite(values).any():
        return None
    recipe = f"recipe {parts[0].recipe}" if parts[0].recipe else "weights trained elsewhere"
    shared = recipe if axis == "data set" else parts[0].dataset
    rows = [fitted(label, LABEL_INCHES) for label in labels]
    columns = [fitted(part.name(axis), 6.5 / len(parts)) for part in parts]
    height = 1.3 + row_inches(columns, 0.2) + row_inches(rows, 0.36) * len(labels)
    figure = titled(WIDTH, height, f"F1 by {axis}", f"{shared}; best of each in bold")
    axes = figure.add_subplot()
    _draw_matrix(axes, values, best=np.nanargmax(np.nan_to_num(values, nan=-1), axis=0))
    axes.set_xticks(range(len(parts)), columns, color=INK)
    axes.set_yticks(range(len(labels)), rows, color=INK)
    return figure


def _names(labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of the rows and of the columns: where a name is too long to stand above a column, both get numbers."""
    rows = [fitted(label, LABEL_INCHES) for label in labels]
    if max(map(len, labels)) <= LONGEST_NAME:
        return rows, list(labels)
    numbers = [f"[{number}]" for number in range(1, len(labels) + 1)]
    return [f"{row}  {number}" for row, number in zip(rows, numbers, strict=True)], numbers


def _draw_intervals(axes: Axes, comparison: Comparison) -> None:
    rows = np.arange(len(comparison.labels))
    axes.hlines(rows, comparison.low, comparison.high, color=BLUE_LIGHT, linewidth=5)
    axes.scatter(comparison.f1, rows, s=34, color=BLUE, zorder=2)
    axes.set_xlabel("F1 and 95 % interval")
    only_grid(axes, "x")


def _draw_differences(axes: Axes, comparison: Comparison, names: Sequence[str]) -> None:
    methods = len(comparison.labels)
    colours = LinearSegmentedColormap.from_list("gap", DIFFERENCES)
    gaps = comparison.difference
    largest = max(float(np.nanmax(gaps)) if np.isfinite(gaps).any() else 0.0, 1e-6)
    image = np.full((methods, methods, 4), 1.0)
    for better in range(methods):
        for worse in range(better + 1, methods):
            certain, share = comparison.is_certain(better, worse), gaps[better, worse] / largest
            image[better, worse] = colours(share) if certain else (0.965, 0.968, 0.972, 1)
            colour = QUIET if not certain else "white" if share > 0.55 else INK
            text = "\N{EN DASH}" if np.isnan(gaps[better, worse]) else f"{gaps[better, worse]:.3f}".lstrip("0")
            axes.text(worse, better, text, ha="center", va="center", fontsize=8, color=colour)
    axes.imshow(image, aspect="auto")
    if tuple(names) == comparison.labels:
        axes.set_xticks(range(methods), names, color=INK, rotation=40, ha="left", rotation_mode="anchor")
    else:  # numbers
        axes.set_xticks(range(methods), names, color=INK)
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(methods + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(methods + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.6)
    axes.tick_params(which="both", length=0)
    axes.tick_params(axis="y", labelleft=False)
    axes.spines[:].set_visible(False)
    axes.set_xlim(0.5, methods - 0.5)
    axes.set_xlabel("F1 of the row minus F1 of the column")


def _draw_matrix(axes: Axes, values: NDArray[np.float64], *, best: NDArray[np.intp]) -> None:
    """Shares (rows, columns) as blue cells with two digits; `best` is the row of each column's highest."""
    colours = LinearSegmentedColormap.from_list("blues", BLUES)
    low, high = np.nanmin(values), np.nanmax(values)
    span = max(high - low, 1e-6)
    axes.imshow((values - low) / span, cmap=colours, vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        text = "\N{EN DASH}" if np.isnan(value) else f"{value:.3f}"
        dark = not np.isnan(value) and (value - low) / span > 0.62
        weight = "bold" if best[column] == row and not np.isnan(value) else "normal"
        axes.text(
            column, row, text, ha="center", va="center", color="white" if dark else INK, fontsize=9, weight=weight
        )
    axes.set_xticks(np.arange(values.shape[1] + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(values.shape[0] + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.xaxis.tick_top()
