"""Every figure a benchmark can draw, as PNG and SVG."""

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Drawing:
    """A figure to be: `draw` gives None where there is nothing to show."""

    name: str
    draw: Callable[[], Figure | None]
    caption: str = ""
    has_photographs: bool = False

    @property
    def files(self) -> list[str]:
        """A PNG, and an SVG where there are no photographs in it."""
        return [f"{self.name}.{ending}" for ending in (("png",) if self.has_photographs else ("png", "svg"))]

    def write(self, folder: Path) -> None:
        """Draw in the house's style and save into `folder`."""
        with figure_style():
            if (figure := self.draw()) is not None:
                for file in self.files:
                    save_figure(figure, folder / file)
