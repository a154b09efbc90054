"""Areas with their error bars, as a drawing."""

import io

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from minenetcd.accuracy.estimation.outcome import AccuracyEstimate
from minenetcd.display.figure_style import figure_style, fitted, only_grid
from minenetcd.display.palettes import ACCENT, BLUE, QUIET

WIDTH, ROW, ENDS = 9.0, 0.78, 0.75  # inches: of the drawing, of a class, of what is above and below
_NAMES = 2.0  # room for the names of classes [inches]


def areas_drawing(found: AccuracyEstimate) -> bytes:
    """SVG: a row for each class with what is mapped, what is estimated, and the 95 % interval; each on its own axis.

    Why not on one: change is a hundredth of what did not change.
    """
    with figure_style():
        figure = areas_figure(found)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def areas_figure(found: AccuracyEstimate) -> Figure:
    """To be drawn and saved in `figure_style`."""
    height = ROW * len(found.classes) + ENDS
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    rows = figure.subplots(len(found.classes), 1, squeeze=False)[:, 0]
    figure.subplots_adjust(left=_NAMES / WIDTH, right=0.97, top=1 - 0.34 / height, bottom=0.42 / height, hspace=1.0)
    for place, (axes, each) in enumerate(zip(rows, found.classes, strict=True)):
        area = each.hectares
        colour = ACCENT if place == found.change else BLUE
        if area.value is not None and area.low is not None and area.high is not None:
            ends = [[area.value - area.low], [area.high - area.value]]
            axes.errorbar(
                [area.value], [0], xerr=ends, fmt="o", color=colour, markersize=7, capsize=5, linewidth=2,
                label="estimated, with 95 % interval",
            )  # fmt: skip
        axes.plot(
            [each.mapped_hectares],
            [0],
            "D",
            color="white",
            markeredgecolor=QUIET,
            markersize=7,
            zorder=3,
            label="mapped",
        )
        only_grid(axes, "x")
        axes.set(ylim=(-1, 1), yticks=[0])
        axes.margins(x=0.15)
        axes.set_yticklabels([fitted(each.name, _NAMES - 0.3)], fontsize=10.5)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.12g}")
    rows[-1].set_xlabel("hectares")
    handles = dict(zip(*reversed(rows[0].get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="upper right", ncols=2, bbox_to_anchor=(0.985, 1.0))
    return figure
