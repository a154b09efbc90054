"""Statistics drawn and written: a PNG and an SVG of each figure the data can fill, and the numbers as JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from minenetcd.display.figure_style import figure_style
from minenetcd.examining.statistics.as_json import statistics_json
from minenetcd.examining.statistics.figures.images import acquisition_dates, changed_share, spectral_histograms
from minenetcd.examining.statistics.figures.places import (
    changed_area_per_country,
    changed_area_per_site,
    sites_map,
    sites_per_country,
)
from minenetcd.examining.statistics.numbers import Statistics
from minenetcd.files import atomic_path, make_folder, write_json

FIGURES: dict[str, Callable[[Statistics], Figure]] = {
    "sites_map": sites_map,
    "sites_per_country": sites_per_country,
    "changed_area_per_country": changed_area_per_country,
    "changed_area_per_site": changed_area_per_site,
    "acquisition_dates": acquisition_dates,
    "spectral_histograms": spectral_histograms,
    "changed_share": changed_share,
}
NUMBERS = "statistics.json"

_DOTS_PER_INCH = 160
_NO_DATE = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}  # equal data, equal files


@dataclass(frozen=True)
class WrittenStatistics:
    """Where the numbers and the figures stand."""

    numbers: Path
    figures: dict[str, dict[str, Path]]  # name -> ending -> path


def write_statistics(statistics: Statistics, folder: str | Path) -> WrittenStatistics:
    """Write statistics.json and every figure that `statistics` can fill into `folder`, which is made where missing.

    Figures of an earlier run that cannot be drawn now are removed. OutputError where the folder cannot be written.
    """
    folder = make_folder(folder)
    figures = {name: _write(name, draw, statistics, folder) for name, draw in FIGURES.items()}
    drawn = {name: paths for name, paths in figures.items() if paths}
    names = {name: [path.name for path in paths.values()] for name, paths in drawn.items()}
    write_json(folder / NUMBERS, statistics_json(statistics) | {"figures": names})
    return WrittenStatistics(folder / NUMBERS, drawn)


def _write(name: str, draw: Callable[[Statistics], Figure], statistics: Statistics, folder: Path) -> dict[str, Path]:
    paths = {ending: folder / f"{name}.{ending}" for ending in ("png", "svg")}
    if name in statistics.not_known:
        for path in paths.values():
            path.unlink(missing_ok=True)
        return {}
    with figure_style():
        figure = draw(statistics)
        for ending, path in paths.items():
            with atomic_path(path) as target:
                figure.savefig(target, dpi=_DOTS_PER_INCH, metadata=_NO_DATE[ending])
    return paths
