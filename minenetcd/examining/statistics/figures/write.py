"""Statistics drawn and written: a PNG and an SVG of each figure the data can fill, and the numbers as JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from minenetcd.display.figure_files import save_figure
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
from minenetcd.files import staged_files, write_json

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
_ENDINGS = ("png", "svg")


@dataclass(frozen=True)
class WrittenStatistics:
    """Where the numbers and the figures stand."""

    numbers: Path
    figures: dict[str, dict[str, Path]]  # name -> ending -> path


def write_statistics(statistics: Statistics, folder: str | Path) -> WrittenStatistics:
    """Write statistics.json and every figure that `statistics` can fill into `folder`, which is made where missing.

    All of them, or none; figures of an earlier run that cannot be drawn now are removed. OutputError where the folder
    cannot be written.
    """
    folder = Path(folder)
    files = {name: {ending: f"{name}.{ending}" for ending in _ENDINGS} for name in FIGURES}
    drawn = {name: endings for name, endings in files.items() if name not in statistics.not_known}
    optional = [file for endings in files.values() for file in endings.values()]
    with staged_files(folder, [NUMBERS], optional=optional) as hidden, figure_style():
        for name, endings in drawn.items():
            figure = FIGURES[name](statistics)
            for file in endings.values():
                save_figure(figure, hidden / file)
        names = {name: list(endings.values()) for name, endings in drawn.items()}
        write_json(hidden / NUMBERS, {**statistics_json(statistics), "figures": names})
    paths = {name: {ending: folder / file for ending, file in endings.items()} for name, endings in drawn.items()}
    return WrittenStatistics(folder / NUMBERS, paths)
