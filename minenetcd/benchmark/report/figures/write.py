"""Every figure a benchmark can draw, as PNG and SVG."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from minenetcd.display.figure_files import save_figure
from minenetcd.display.figure_style import figure_style

#: Of all figures but those with very many columns, so that on a page their letters have one size. [inches]
WIDTH = 11.0

#: Longer names beside rows are wrapped. [inches]
LABEL_INCHES = 3.0

#: Where there is no room for longer names than these, numbers stand for them. [letters]
LONGEST_NAME = 24


def write_figure(
    draw: Callable[[], Figure | None], folder: Path, name: str, *, photographs: bool = False
) -> Path | None:
    """Draw in the house's style and save as PNG, and as SVG where there are no photographs in it.

    The PNG's path, or None where there is nothing to draw; then files of an earlier time are removed.
    """
    with figure_style():
        figure = draw()
        for ending in ("png",) if photographs else ("png", "svg"):
            path = folder / f"{name}.{ending}"
            if figure is None:
                path.unlink(missing_ok=True)
            else:
                save_figure(figure, path)
    return None if figure is None else folder / f"{name}.png"
