"""Figures as files."""

from pathlib import Path

from matplotlib.figure import Figure

from minenetcd.files import atomic_path

_DOTS_PER_INCH = 160
_NO_DATE = {".png": {"Software": None}, ".svg": {"Date": None, "Creator": None}}


def save_figure(figure: Figure, path: Path) -> None:
    """As PNG or SVG, by the ending of `path`; equal figures drawn and saved in `figure_style` are equal files."""
    with atomic_path(path) as target:
        figure.savefig(target, dpi=_DOTS_PER_INCH, metadata=_NO_DATE[path.suffix])
