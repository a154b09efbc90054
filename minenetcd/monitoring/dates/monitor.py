"""Many dates of one place in; when each pixel changed for good, how the area grew, and each pair's own result out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from minenetcd.constants import VERSION, Progress, no_progress
from minenetcd.detectors.contract import Detector
from minenetcd.display.escaping import csv_text
from minenetcd.display.figure_files import save_figure
from minenetcd.display.figure_style import figure_style
from minenetcd.display.words import area_in_words, counted
from minenetcd.errors import MineNetCDError, OptionError
from minenetcd.files import check_not_input, check_writable, one_run_in, staged_files
from minenetcd.files.hidden import is_recent_work
from minenetcd.geo.date_files.finding import find_date
from minenetcd.geo.polygons.vector_files import write_vector
from minenetcd.monitoring.dates.figure import timeline_figure
from minenetcd.monitoring.dates.first_change import (
    AgainstFirst,
    GrownArea,
    first_change_polygons,
    write_first_change,
)
from minenetcd.monitoring.dates.options import MonitorOptions, check_for_all_dates
from minenetcd.monitoring.dates.page import Monitored, render_monitor_page
from minenetcd.monitoring.dates.series import Series, find_series
from minenetcd.monitoring.dates.timeline import Step, dates_frame, steps_of, timeline_frame
from minenetcd.monitoring.pairs.asked import Asked
from minenetcd.monitoring.pairs.run import (
    UNWATCHED,
    PairOutcome,
    Watching,
    check_named,
    failures,
    run_pairs,
    told_when_stopped,
)
from minenetcd.monitoring.pairs.table import ImagePair
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.options import PredictOptions

PAIRS = "pairs"
REPORT, WHEN, TIMELINE, DATES, FIGURE = "report.html", "when.tif", "timeline.csv", "dates.csv", "timeline.png"
#: The polygons of what changed for good, of images with coordinates and of pictures.
VECTORS = "cumulative.gpkg", "cumulative.geojson"
ALWAYS, WHERE_LAID_ON_THE_FIRST = (REPORT, TIMELINE, DATES, FIGURE), (WHEN, *VECTORS)

#: Each file by a word for what it holds.
_HOLDS = {
    **{REPORT: "report", TIMELINE: "timeline", DATES: "dates", FIGURE: "figure", WHEN: "when"},
    **dict.fromkeys(VECTORS, "cumulative"),
}

DEFAULT_OPTIONS, DEFAULT_CHOICE = PredictOptions(), MonitorOptions()


@dataclass(frozen=True, repr=False)
class MonitorResult:
    """What `monitor` found: `steps`, one a date, and `outcomes`, one a pair; `saved`, the files in `folder`."""

    folder: Path
    series: Series
    steps: tuple[Step, ...]
    outcomes: tuple[PairOutcome, ...]
    saved: tuple[Path, ...]

    @property
    def failed(self) -> dict[str, str]:
        """Id -> error, in one line, of the pairs that failed."""
        return failures(self.outcomes)

    @property
    def hectares(self) -> float | None:
        """What changed for good; None for pictures of unknown size, and where no date was laid on the first."""
        last = self.steps[-1].cumulative
        return None if last is None else last.hectares

    @property
    def files(self) -> dict[str, Path]:
        """`saved`, each by what it holds."""
        return {_HOLDS[path.name]: path for path in self.saved}

    @property
    def timeline(self) -> pd.DataFrame:
        """A row a date, as in timeline.csv."""
        return timeline_frame(self.steps)

    @property
    def left_out(self) -> dict[str, str]:
        """Image -> why it was not read."""
        return {left.image.image: left.why for left in self.series.left_out}

    @property
    def in_words(self) -> str:
        """What was found, in a line."""
        last = self.steps[-1]
        words = f"{counted(len(self.steps), 'date')} from {self.steps[0].day} to {last.day}"
        if last.cumulative is not None:
            area = area_in_words(last.cumulative.hectares, last.cumulative.pixels)
            words += f": {area} changed for good"
        if last.grown is not None and last.grown.pixels and last.number > 1:
            words += f", {area_in_words(last.grown.hectares, last.grown.pixels)} of it in the last date alone"
        return words + (f"; {counted(len(self.failed), 'pair')} failed" if self.failed else "")

    def __repr__(self) -> str:
        return f"<MonitorResult in {self.folder}: {self.in_words}>"


def monitor(
    detector: Detector | Literal["auto"],
    images: Sequence[str | Path],
    out: str | Path,
    *,
    dates: Sequence[str] | None = None,
    choice: MonitorOptions = DEFAULT_CHOICE,
    options: PredictOptions = DEFAULT_OPTIONS,
    second: Detector | None = None,
    device: str = "auto",
    progress: Progress = no_progress,
) -> MonitorResult:
    """Map what changed between many dates of one place, each against the previous and the first, and since when.

    `images`: in any order, each as `predict_scene` takes it, as a name; `dates`: when they were taken (ISO 8601), in
    their order, where files and names do not say so. `choice` says which of them are read, and against which. Each pair
    has its own result in `out`/pairs; what is done and made from the same is kept. Beside stand report.html,
    timeline.csv, timeline.png and dates.csv, and, of dates laid on the first one, when.tif (the number of the date at
    which a pixel changed for good; `monitor.first_change` has the rule) and cumulative.gpkg.
    A pair that fails is in `failed`, and the rest go on. `progress`: pairs done of all. OptionError for dates that are
    missing or repeated, and for `options` of one date of two (mask_after, say), GridError for images of several places,
    before anything is written; MineNetCDError where every pair failed; RunInterrupted after Ctrl-C.
    """
    if isinstance(images, str | Path):
        raise OptionError(f"Two dates or more are needed, got one name ({images!s:.80}): give a list of names.")
    check_for_all_dates(options)
    names = [str(image) for image in images]
    series = find_series(names, dates, options, choice)
    watching = Watching(pairs=progress)
    return monitor_as_asked(
        Asked.of(detector, second, device), series, Path(out), choice=choice, options=options, watching=watching
    )


def monitor_as_asked(
    asked: Asked,
    series: Series,
    out: Path,
    *,
    choice: MonitorOptions,
    options: PredictOptions,
    tmp: Path | None = None,
    watching: Watching = UNWATCHED,
) -> MonitorResult:
    """`monitor` of a `series` that was found."""
    asked.make_ready()
    check_writable(out, (*ALWAYS, *WHERE_LAID_ON_THE_FIRST))
    inputs = [path for image in series.used for path in find_date(image.image, remote=options.remote).local]
    check_not_input(out, (*ALWAYS, *WHERE_LAID_ON_THE_FIRST), inputs)
    pairs = pairs_of(series, choice, options)
    check_named(out, (*ALWAYS, *WHERE_LAID_ON_THE_FIRST), out / PAIRS, list(pairs.values()))
    outcomes: list[PairOutcome] = []
    # recent work is that of a pair that goes on
    with one_run_in(out, keep=is_recent_work), told_when_stopped(out, outcomes, len(pairs)):
        for outcome in run_pairs(asked, list(pairs.values()), out / PAIRS, tmp=tmp, watching=watching):
            outcomes.append(outcome)
        if not any(each.finished for each in outcomes):
            raise MineNetCDError(f"No pair of dates could be read: {outcomes[0].error}")
        return _write(out, series, dict(zip(pairs, outcomes, strict=True)), choice, options)


def pairs_of(series: Series, choice: MonitorOptions, options: PredictOptions) -> dict[tuple[int, int], ImagePair]:
    """The pairs to read, by the numbers of their dates, from 1; the first two dates are one pair for both."""
    numbers = range(2, len(series.used) + 1)
    wanted: list[tuple[int, int]] = []
    for later in numbers:
        wanted += [(later - 1, later)] if choice.against in ("both", "previous") else []
        wanted += [(1, later)] if choice.against in ("both", "first") else []
    return {pair: _pair(series, pair, options) for pair in dict.fromkeys(wanted)}


def _pair(series: Series, numbers: tuple[int, int], options: PredictOptions) -> ImagePair:
    before, after = (series.used[number - 1] for number in numbers)
    stated = replace(
        options,
        date_before=before.day.isoformat() if before.is_stated else None,
        date_after=after.day.isoformat() if after.is_stated else None,
        nodata_after=options.nodata,
    )
    return ImagePair(f"{before.day}_{after.day}", before.image, after.image, stated)


def _write(
    out: Path,
    series: Series,
    outcomes: Mapping[tuple[int, int], PairOutcome],
    choice: MonitorOptions,
    options: PredictOptions,
) -> MonitorResult:
    """What stands beside the folder of the pairs, all of it or none."""
    previous = {later: outcome for (earlier, later), outcome in outcomes.items() if earlier == later - 1}
    first = {later: outcome for (earlier, later), outcome in outcomes.items() if earlier == 1}
    previous = {} if choice.against == "first" else previous
    first = {} if choice.against == "previous" else first
    with staged_files(out, ALWAYS, optional=WHERE_LAID_ON_THE_FIRST) as folder:
        grown = _write_first_change(folder, series, first, choice, options)
        steps = tuple(steps_of(series, previous, first, grown))
        names = (*ALWAYS, *(name for name in WHERE_LAID_ON_THE_FIRST if (folder / name).exists()))
        (folder / TIMELINE).write_text(csv_text(timeline_frame(steps)), encoding="utf-8", newline="")
        (folder / DATES).write_text(csv_text(dates_frame(series)), encoding="utf-8", newline="")
        with figure_style():
            save_figure(timeline_figure(steps), folder / FIGURE)
        every = tuple(outcomes.values())
        when = folder / WHEN if grown is not None else None
        page = render_monitor_page(Monitored(series, steps, every, choice, PAIRS, when, names[1:]))
        (folder / REPORT).write_text(page, encoding="utf-8")
    return MonitorResult(out, series, steps, every, tuple(out / name for name in names))


def _write_first_change(
    folder: Path,
    series: Series,
    first: Mapping[int, PairOutcome],
    choice: MonitorOptions,
    options: PredictOptions,
) -> dict[int, GrownArea] | None:
    """Write the raster and the polygons of what changed for good; None where no date was laid on the first."""
    maps, grid = [], None
    for later, outcome in sorted(first.items()):
        if outcome.finished is not None:
            facts = read_details(outcome.folder / outcome.finished.details).facts
            maps.append(AgainstFirst(later, outcome.finished.rasters(outcome.folder, facts)))
            grid = facts.grid
    if grid is None:
        return None
    days = [image.day for image in series.used]
    tags = {"SOFTWARE": f"minenetcd {VERSION}", "FIRST_DATE": days[0].isoformat()}
    grown = write_first_change(
        folder / WHEN, grid, maps, days,
        threshold=choice.cumulative_threshold, metres=grid.metres_or(options.metres_per_pixel), tags=tags,
    )  # fmt: skip
    polygons = first_change_polygons(folder / WHEN, grid, days)
    write_vector(polygons, folder / VECTORS[0 if grid.has_coordinates else 1])
    return grown
