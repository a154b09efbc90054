"""One page that shows a series to people: when what changed, how the area grew, and a way to each pair's own report."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minenetcd.constants import VERSION
from minenetcd.display.figure_style import figure_style
from minenetcd.display.page import drawing_source, key_figures, picture_source, render_page
from minenetcd.display.tables import DASH, Cell, Link, html_table, link
from minenetcd.display.words import area_in_words, counted, duration, percent
from minenetcd.geo.grid import Grid
from minenetcd.monitoring.dates.figure import timeline_figure
from minenetcd.monitoring.dates.first_change import date_colours
from minenetcd.monitoring.dates.options import MonitorOptions
from minenetcd.monitoring.dates.pictures import small_when, when_image
from minenetcd.monitoring.dates.series import Series
from minenetcd.monitoring.dates.timeline import Step
from minenetcd.monitoring.pairs.finished import FinishedPair
from minenetcd.monitoring.pairs.pages import failed_box
from minenetcd.monitoring.pairs.run import PairOutcome
from minenetcd.prediction.kept.details import Details, read_details
from minenetcd.prediction.report.figures import change_image, date_image
from minenetcd.prediction.report.frame import framed, legend
from minenetcd.prediction.report.pictures import small_mask

#: Warnings of the pairs that are told here; all stand in their reports.
MOST_WARNINGS = 6


@dataclass(frozen=True)
class Monitored:
    """All that the page tells: `pairs` is the folder of the pairs as seen from it, `when` the raster, where it is."""

    series: Series
    steps: tuple[Step, ...]
    outcomes: tuple[PairOutcome, ...]
    choice: MonitorOptions
    pairs: str
    when: Path | None
    files: tuple[str, ...]

    @property
    def finished(self) -> list[tuple[PairOutcome, FinishedPair]]:
        """The pairs that have a result."""
        return [(each, each.finished) for each in self.outcomes if each.finished is not None]


def render_monitor_page(found: Monitored) -> str:
    """The page as HTML. All text that comes from outside is escaped."""
    first, last = found.steps[0], found.steps[-1]
    readers = sorted({pair.detector for _, pair in found.finished})
    subtitle = f"{counted(len(found.steps), 'date')}, read by {' and '.join(readers)}" + _place(found)
    return render_page(
        kind="Monitoring report",
        heading=f"Change from {first.day} to {last.day}",
        subtitle=subtitle,
        sections=_sections(found),
        made=f"Computed in {duration(sum(pair.seconds for _, pair in found.finished))}",
        software=f"minenetcd {VERSION}",
    )


def _sections(found: Monitored) -> list[str]:
    sections = [*_warnings(found), _key_figures(found)]
    sections.append(f'<div class="figures">{_maps(found)}</div>')
    sections.append(_drawing(found.steps))
    sections.append(f'<h2>Date by date</h2><div class="figures">{"".join(map(_step_map, _shown(found)))}</div>')
    sections.append(f'<h2>Areas</h2><div class="wide">{_areas_table(found)}</div>{_areas_note(found)}')
    sections.append(f"<h2>How it was read</h2>{_reading_table(found)}")
    files = ", ".join(link(name, PurePath(name)) for name in found.files)
    sections.append(f'<p class="note">All of it as files: {files}; each pair in {escape(found.pairs)}/.</p>')
    sections.append(
        '<p class="limits"><b>Limits.</b> These maps are estimates, not a survey: season, shadow, haze or '
        "misregistration may pass for change, above all between two dates alone. What is changed for good was seen "
        "twice, but in the last date, which no later one confirms. Areas of a date with missing data are areas of "
        "what it shows. Check each site on the images before acting on it.</p>"
    )
    return sections


def _warnings(found: Monitored) -> list[str]:
    boxes = failed_box(found.outcomes)
    readers = Counter(pair.detector for _, pair in found.finished)
    if len(readers) > 1:
        words = ", ".join(f"{name} ({counted(count, 'pair')})" for name, count in readers.most_common())
        boxes.append(
            f'<p class="warning"><b>Warning.</b> {escape(f"More than one detector read the series: {words}")}. Areas '
            "of different detectors are not comparable; name one for all (--model).</p>"
        )
    told = Counter(text for _, pair in found.finished for text in pair.warnings)
    if told:
        items = "".join(
            f"<li>{escape(text)} <small>({counted(count, 'pair')})</small></li>"
            for text, count in told.most_common(MOST_WARNINGS)
        )
        more = f"<li>and {len(told) - MOST_WARNINGS} others</li>" if len(told) > MOST_WARNINGS else ""
        boxes.append(f'<div class="warning"><b>Warnings of the pairs.</b><ul>{items}{more}</ul></div>')
    return boxes


def _key_figures(found: Monitored) -> str:
    last, figures = found.steps[-1], []
    if last.cumulative is not None and last.grown is not None:
        figures.append(("Changed for good", *_area(last.cumulative.hectares, last.cumulative.pixels)))
        figures.append(("Of it in the last date alone", *_area(last.grown.hectares, last.grown.pixels)))
    shown = _first_finished(last.previous, last.first)
    if shown is not None:
        outcome, pair = shown
        name = "Since the previous date" if outcome is last.previous else "Last date against the first"
        figures.append((name, *_area(pair.hectares, pair.changed_pixels)))
    span = (last.day - found.steps[0].day).days
    figures.append(("Watched", f"{span / 365.25:.1f}", "years") if span > 500 else ("Watched", str(span), "days"))
    return key_figures(figures)


def _area(hectares: float | None, pixels: int) -> tuple[str, str]:
    """A number and its unit."""
    size, _, unit = area_in_words(hectares, pixels).partition(" ")
    return size, unit


def _maps(found: Monitored) -> str:
    """The first date, the last, and when what changed."""
    steps = found.steps[:0:-1]  # of the last date whose pair did not fail; those with the first lie as `when` does
    shown = _first_finished(*(step.first for step in steps), *(step.previous for step in steps))
    if shown is None:
        return ""
    details = _details(*shown)
    day = next(step.day for step in steps if shown[0] in (step.first, step.previous))
    pictures, grid = details.pictures, _overlap(details)
    begin = details.facts.before.date or ""
    maps = [
        _map(grid, date_image(pictures.before, pictures.valid), f"<b>{escape(begin[:10])}</b>"),
        _map(
            grid,
            date_image(pictures.after, pictures.valid),
            f"<b>{day}</b>{' last date' if day == found.steps[-1].day else ''}",
        ),
    ]
    if found.when is not None:
        colours = date_colours(len(found.steps))
        when = small_when(found.when, details.facts.overlap, pictures.valid.shape)
        names = {step.day.isoformat(): colours[step.number] for step in found.steps[1:]}
        caption = f"<b>First date of change</b>, where it changed for good{legend(names)}"
        maps.append(_map(grid, when_image(pictures.after, when, colours), caption))
    return "".join(maps)


def _map(area: Grid, pixels: NDArray[np.uint8], caption: str) -> str:
    """An image (H, W, 4) of `area` with scale and north arrow; `caption` is HTML."""
    return framed(area, picture_source(Image.fromarray(pixels), photograph=True), caption=caption)


def _drawing(steps: Sequence[Step]) -> str:
    svg = io.BytesIO()
    with figure_style():
        timeline_figure(steps).savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return f'<figure><img alt="Changed area over time" src="{drawing_source(svg.getvalue())}"></figure>'


def _shown(found: Monitored) -> list[tuple[Monitored, Step, PairOutcome, FinishedPair]]:
    """The dates that are shown as pictures, by the pair that ends with them."""
    shown = []
    for step in found.steps[1:]:
        finished = _first_finished(step.previous, step.first)
        if finished is not None:
            shown.append((found, step, *finished))
    return shown


def _first_finished(*outcomes: PairOutcome | None) -> tuple[PairOutcome, FinishedPair] | None:
    """The first of `outcomes` that has a result, with it."""
    return next(((each, each.finished) for each in outcomes if each is not None and each.finished is not None), None)


def _step_map(shown: tuple[Monitored, Step, PairOutcome, FinishedPair]) -> str:
    """What changed up to a date, over its image."""
    found, step, outcome, pair = shown
    details = _details(outcome, pair)
    pictures, rasters = details.pictures, pair.rasters(outcome.folder, details.facts)
    mask = small_mask(rasters, details.facts.overlap, pictures.valid.shape)
    area = area_in_words(pair.hectares, pair.changed_pixels)
    report = link(step.day.isoformat(), PurePath(found.pairs, outcome.pair.id, pair.report))
    since = details.facts.before.date or "the earlier date"
    caption = f"<b>{report}</b> {escape(f'{area} since {since[:10]}')}"
    return _map(_overlap(details), change_image(pictures.after, mask), caption)


def _areas_table(found: Monitored) -> str:
    has_previous = any(step.previous for step in found.steps)
    has_first = any(step.first for step in found.steps)
    head = [""]
    head += ["since the previous"] if has_previous else []
    head += ["since the first"] if has_first else []
    head += ["new for good", "for good, so far"] if found.when is not None else []
    head.append("without data")
    body = []
    for step in found.steps:
        row: list[Cell] = [step.day.isoformat()]
        row += [_linked(found, step.previous)] if has_previous else []
        row += [_linked(found, step.first)] if has_first else []
        if found.when is not None:
            areas = (step.grown, step.cumulative) if step.number > 1 else (None, None)
            row += [DASH if area is None else area_in_words(area.hectares, area.pixels) for area in areas]
        row.append(percent(step.image.missing))
        body.append(row)
    return html_table(head, body)


def _linked(found: Monitored, outcome: PairOutcome | None) -> Cell:
    if outcome is None:
        return DASH
    if outcome.finished is None:
        return "failed"
    pair = outcome.finished
    words = area_in_words(pair.hectares, pair.changed_pixels)
    return Link(words, PurePath(found.pairs, outcome.pair.id, pair.report))


def _areas_note(found: Monitored) -> str:
    note = "Each area leads to the report of its pair."
    if found.when is not None:
        note += (
            " New for good: what changed first at this date, and is changed against the first date in the next that "
            "shows it, too, or is not shown again; that of the last date waits for the next to confirm it."
        )
    return f'<p class="note">{note}</p>'


def _reading_table(found: Monitored) -> str:
    pairs = [pair for _, pair in found.finished]
    thresholds = sorted({pair.threshold for pair in pairs})
    rows: list[tuple[str, str]] = [
        ("Detector", ", ".join(sorted({pair.detector for pair in pairs}))),
        (
            "Threshold of the maps",
            " to ".join(f"{value:.3g}" for value in dict.fromkeys((thresholds[0], thresholds[-1]))),
        ),
    ]
    if found.when is not None:
        rule = "changed against the first date in two dates in a row that show it, or in the last that shows it"
        if found.choice.cumulative_threshold is not None:
            rule += f", with a probability of {found.choice.cumulative_threshold:g} or more"
        rows.append(("Changed for good", rule))
    rows.append(("Dates", f"{len(found.steps)} read of {len(found.steps) + len(found.series.left_out)}"))
    rows += [(f"Left out: {left.image.day}", left.why) for left in found.series.left_out]
    return html_table(("", ""), rows, kind="facts")


def _place(found: Monitored) -> str:
    placed = next((pair.place for _, pair in found.finished if pair.place is not None), None)
    if placed is None:
        return ""
    longitude, latitude = placed
    north, east = ("N" if latitude >= 0 else "S"), ("E" if longitude >= 0 else "W")
    return f", around {abs(latitude):.4f}\N{DEGREE SIGN} {north}, {abs(longitude):.4f}\N{DEGREE SIGN} {east}"


def _details(outcome: PairOutcome, pair: FinishedPair) -> Details:
    return read_details(outcome.folder / pair.details)


def _overlap(details: Details) -> Grid:
    return details.facts.grid.part(details.facts.overlap)
