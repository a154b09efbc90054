"""What ChangeFFT adds to each backbone."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from minenetcd.benchmark.report.figures.write import LABEL_INCHES, WIDTH
from minenetcd.benchmark.results.summary import Part, gains
from minenetcd.display.figure_style import fitted, only_grid, row_inches, titled
from minenetcd.display.palettes import DOWN, INK, QUIET, UP
from minenetcd.display.words import MEASURES


def change_fft_gains(part: Part) -> Figure | None:
    """F1 and cIoU of each backbone without and with ChangeFFT."""
    pairs = [(a, b) for a, b in gains(part.lines) if a.f1 is not None and b.f1 is not None]
    if not pairs:
        return None
    labels = [b.trunk.label if b.trunk else b.label for _, b in pairs]
    names = [fitted(label, LABEL_INCHES) for label in labels]
    figure = titled(WIDTH, max(3.0, 2.3 + row_inches(names, 0.33) * len(pairs)), "What ChangeFFT adds", part.place)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, measure in zip(panels, ("f1", "ciou"), strict=True):
        values = np.array([[line.scores[measure].mean for line in pair] for pair in pairs])
        _draw_gains(axes, values, [b.printed_gain.get(measure) for _, b in pairs])
        axes.set_xlabel(MEASURES[measure])
    panels[0].set_yticks(range(len(names)), names, color=INK)
    panels[0].scatter([], [], s=42, facecolors="white", edgecolors=QUIET, label="without ChangeFFT")
    panels[0].scatter([], [], s=42, color=QUIET, label="with ChangeFFT")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, handletextpad=0.1)
    return figure


def _draw_gains(axes: Axes, values: NDArray[np.float64], printed: Sequence[str | None]) -> None:
    """`values` (N, 2): without, with."""
    rows = np.arange(len(values))
    colours = [UP if on >= off else DOWN for off, on in values]
    axes.hlines(rows, values[:, 0], values[:, 1], color=colours, linewidth=2.2, zorder=1)
    axes.scatter(values[:, 0], rows, s=42, facecolors="white", edgecolors=colours, linewidths=1.3, zorder=2)
    axes.scatter(values[:, 1], rows, s=42, color=colours, zorder=2)
    for row, ((off, on), text, colour) in enumerate(zip(values, printed, colours, strict=True)):
        _beside(axes, (row, "data"), (8, 0), f"{on - off:+.4f}", color=colour, weight="bold")
        _beside(axes, (row, "data"), (60, 0), text or "", color=QUIET)
    _beside(axes, (1, "axes fraction"), (8, 6), "gain", color=QUIET)
    _beside(axes, (1, "axes fraction"), (60, 6), "published" if any(printed) else "", color=QUIET)
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    only_grid(axes, "x")


def _beside(
    axes: Axes,
    height: tuple[float, str],
    offset: tuple[float, float],
    text: str,
    *,
    color: str,
    weight: Literal["normal", "bold"] = "normal",
) -> None:
    """Write to the right of the axes, at a height in data or axes fraction, moved by an offset in points."""
    axes.annotate(
        text, (1, height[0]), offset, xycoords=("axes fraction", height[1]), textcoords="offset points",
        va="center", fontsize=8.8, annotation_clip=False, color=color, weight=weight,
    )  # fmt: skip
