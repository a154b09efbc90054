"""How the figures of this package look: titles and axes of one style."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Bbox

from minenetcd.display.palettes import AXIS, GRID, INK, QUIET

TITLE_SIZE, TEXT_SIZE = 13.5, 9.5  # points
_EDGE = 0.16  # left and right of a heading [inches]

_SETTINGS: dict[Any, Any] = {  # matplotlib lists its keys for checkers, each release its own
    "font.size": TEXT_SIZE,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": AXIS,
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
    "text.parse_math": False,  # a dollar in somebody's label is a dollar
    "svg.hashsalt": "minenetcd",  # equal data, equal files
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Everything drawn and saved inside looks like ours, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def titled(width: float, height: float, title: str, subtitle: str = "") -> Figure:
    """An empty figure of so many inches with a heading at its top left; draw into its axes afterwards.

    What is too long for the width is wrapped, and the figure grows by the lines that this adds to one of each.
    """
    title = fitted(title, width - 2 * _EDGE, size=TITLE_SIZE, weight="bold")
    subtitle = fitted(subtitle, width - 2 * _EDGE)
    below = 0.42 + title.count("\n") * line_inches(TITLE_SIZE)  # where the subtitle begins [inches]
    more = subtitle.count("\n") * line_inches()
    height += below - 0.42 + more
    head = below + more + (0.2 if subtitle else 0.0)
    layout = _RepeatableLayout(rect=(0.015, 0.02, 0.97, 1 - 0.02 - head / height), w_pad=0.08, h_pad=0.06)
    figure = Figure(figsize=(width, height), layout=layout, facecolor="white")
    figure.text(_EDGE / width, 1 - 0.14 / height, title, fontsize=TITLE_SIZE, weight="bold", va="top")
    figure.text(_EDGE / width, 1 - below / height, subtitle, fontsize=TEXT_SIZE, color=QUIET, va="top")
    return figure


class _RepeatableLayout(ConstrainedLayoutEngine):
    """The same places every time: the solver's order, and so its last digits, go by addresses in memory."""

    def execute(self, fig: Figure) -> None:
        super().execute(fig)
        for axes in fig.axes:
            axes.set_position(Bbox(axes.get_position(original=True).get_points().round(9)))
            axes.set_in_layout(True)  # which setting a place by hand ends


def fitted(text: str, inches: float, *, size: float = TEXT_SIZE, weight: str = "normal") -> str:
    """`text` in lines of at most so many inches: broken between words; a longer word after / _ - or where it must.

    Its own line breaks stay. `size` in points.
    """
    return "\n".join(
        line for given in text.split("\n") for line in _lines(given, inches, FontProperties(size=size, weight=weight))
    )


def text_inches(text: str, *, size: float = TEXT_SIZE) -> float:
    """How wide the longest line of `text` is [inches]."""
    return max(_inches(line, FontProperties(size=size)) for line in text.split("\n"))


def line_inches(size: float = TEXT_SIZE) -> float:
    """From one line of text to the next [inches]."""
    return 1.2 * size / 72


def row_inches(labels: Iterable[str], least: float, *, size: float = TEXT_SIZE) -> float:
    """Height of the rows of a figure in which each of `labels`, already fitted, stands beside its row [inches]."""
    return max([least, *(label.count("\n") * line_inches(size) + 0.22 for label in labels if "\n" in label)])


def _lines(text: str, inches: float, font: FontProperties) -> list[str]:
    lines = [""]
    for word in text.split():
        pieces = [word]
        if _inches(word, font) > inches:
            parts = re.findall(r"[^/_-]+[/_-]*|[/_-]+", word)
            pieces = [piece for part in parts for piece in ([part] if _inches(part, font) <= inches else part)]
        for number, piece in enumerate(pieces):
            space = " " if lines[-1] and not number else ""
            if lines[-1] and _inches(lines[-1] + space + piece, font) > inches:
                lines.append(piece)
            else:
                lines[-1] += space + piece
    return lines


def _inches(text: str, font: FontProperties) -> float:
    """A little more than the width, which differs between ways of drawing letters."""
    return 1.06 * text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72


def only_grid(axes: Axes, axis: Literal["x", "y"]) -> None:
    """Light lines across `axis`, "x" or "y", and no axis line on the other."""
    axes.grid(axis=axis)
    axes.spines["left" if axis == "x" else "bottom"].set_visible(axis == "y")
    axes.tick_params(axis="y" if axis == "x" else "x", length=0)


def date_place(day: date) -> float:
    """Where a day stands on an axis of dates."""
    return float(date2num(day))


def tick_dates(axes: Axes) -> None:
    """Days, months or years along the x axis, whose places are those of `date_place`."""
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
