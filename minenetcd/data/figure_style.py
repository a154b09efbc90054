"""How the figures of this package look: one hand for titles, axes and colours."""

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, QUIET, GRID = "#22282e", "#6b747c", "#e4e7ea"
ACCENT, ACCENT_LIGHT = "#b8433a", "#e7b9b3"  # what changed
BLUE, BLUE_LIGHT = "#2f6690", "#b3c9da"
BEFORE, AFTER = BLUE, "#d98a29"
SPLIT_COLOURS = {"train": BLUE, "val": "#d9a329", "test": ACCENT}
OTHER_COLOUR = "#7a7f85"

_SETTINGS = {
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": "#b5bbc1",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.hashsalt": "minenetcd",  # equal data, equal files
}


@contextmanager
def house_style() -> Iterator[None]:
    """Everything drawn and saved inside looks like ours, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def titled(width: float, height: float, title: str, subtitle: str = "") -> Figure:
    """An empty figure of so many inches with a heading at its top left; draw into its axes afterwards."""
    head = 0.62 if subtitle else 0.42  # inches
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    figure.get_layout_engine().set(rect=(0.015, 0.02, 0.97, 1 - 0.02 - head / height), w_pad=0.08, h_pad=0.06)
    figure.text(0.16 / width, 1 - 0.14 / height, title, fontsize=13.5, weight="bold", va="top")
    figure.text(0.16 / width, 1 - 0.42 / height, subtitle, fontsize=9.5, color=QUIET, va="top")
    return figure


def only_grid(axes: Axes, axis: str) -> None:
    """Light lines across `axis`, "x" or "y", and no axis line on the other."""
    axes.grid(axis=axis)
    axes.spines["left" if axis == "x" else "bottom"].set_visible(axis == "y")
    axes.tick_params(axis="y" if axis == "x" else "x", length=0)


def counted(number: int, one: str, many: str = "") -> str:
    """1 site, 2 sites, 3 countries."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
