"""Two pages over all pairs: an index that leads to each report, and a map of where they lie."""

import io
from collections.abc import Sequence
from html import escape
from pathlib import PurePath

from PIL import Image

from minenetcd.constants import VERSION
from minenetcd.display.figure_style import figure_style
from minenetcd.display.page import drawing_source, key_figures, picture_source, render_page
from minenetcd.display.tables import DASH, Link, html_table, link
from minenetcd.display.words import area_in_words, counted, duration, number, percent
from minenetcd.monitoring.pairs.finished import FinishedPair
from minenetcd.monitoring.pairs.run import PairOutcome, failures
from minenetcd.monitoring.pairs.sites_map import MOST_NAMED, Site, sites_map
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.report.figures import change_image
from minenetcd.prediction.report.pictures import small_mask

#: Pairs that are shown as pictures, those with the largest changes; and the longer side of these. [pixels]
SHOWN, PICTURE_SIDE = 6, 520


def index_page(outcomes: Sequence[PairOutcome], table: str, drawing: bytes | None) -> str:
    """Every pair with a link to its report; `table` names where they stand, `drawing` is `map_drawing`."""
    done = [(outcome, outcome.finished) for outcome in outcomes if outcome.finished is not None]
    sections = failed_box(outcomes)
    sections.append(_key_figures(outcomes, [found for _, found in done]))
    sections.append(_largest(done))
    if drawing is not None:
        sections.append(f"<h2>Where</h2>{_map_figure(drawing, done)}")
    sections.append(f'<h2>Every pair</h2><div class="wide">{_table(done)}</div>')
    files = ", ".join(link(name, PurePath(name)) for name in ("summary.csv", "polygons.parquet", "map.html"))
    sections.append(f'<p class="note">All of it as files: {files}.</p>')
    sections.append(
        '<p class="limits"><b>Limits.</b> Each map is an estimate, not a survey; what to doubt of it stands in its own '
        "report. Hectares of pairs that show one place in several years must not be added.</p>"
    )
    return render_page(
        kind="Many pairs",
        heading=f"Change in {counted(len(outcomes), 'pair')} of images",
        subtitle=f"As listed in {table}",
        sections=sections,
        made=f"Computed in {duration(sum(found.seconds for _, found in done))}",
        software=f"minenetcd {VERSION}",
    )


def map_page(outcomes: Sequence[PairOutcome], drawing: bytes | None) -> str:
    """Where the pairs lie, as in `map_drawing`, how much changed there, and where exactly that is."""
    done = [(outcome, outcome.finished) for outcome in outcomes if outcome.finished is not None]
    sites = _sites(done)
    reports = {outcome.pair.id: PurePath(outcome.pair.id, found.report) for outcome, found in done}
    rows = [
        (Link(site.name, reports[site.name]), number(site.hectares), f"{site.longitude:.5f}", f"{site.latitude:.5f}")
        for site in sites
    ]
    body = '<p class="note">No pair has a place on Earth.</p>' if drawing is None else _map_figure(drawing, done)
    table = html_table(("", "hectares", "longitude", "latitude"), rows) if rows else ""
    others = len(done) - len(sites)
    note = f"{counted(others, 'pair')} of pictures without coordinates not shown. " if others else ""
    return render_page(
        kind="Many pairs",
        heading="Where change was mapped",
        subtitle=f"{note}Dots are as large as the area that changed.",
        sections=[body, f'<h2>Places</h2>{table}<p class="note">{link("All pairs", PurePath("index.html"))}</p>'],
        made=counted(len(sites), "place"),
        software=f"minenetcd {VERSION}",
    )


def failed_box(outcomes: Sequence[PairOutcome]) -> list[str]:
    """The pairs that failed, and why, as HTML; nothing where none did."""
    failed = failures(outcomes)
    if not failed:
        return []
    items = "".join(f"<li><b>{escape(name)}</b>: {escape(error)}</li>" for name, error in failed.items())
    return [f'<div class="warning"><b>{counted(len(failed), "pair")} failed.</b><ul>{items}</ul></div>']


def _key_figures(outcomes: Sequence[PairOutcome], done: Sequence[FinishedPair]) -> str:
    hectares = [found.hectares for found in done if found.hectares is not None]
    figures = [
        ("Changed, all pairs", number(sum(hectares)) if hectares else DASH, "ha" if hectares else ""),
        ("Separate changes", f"{sum(found.polygons for found in done):,}", ""),
        ("Pairs done", f"{len(done):,}", f"of {len(outcomes):,}"),
        ("With warnings", f"{sum(bool(found.warnings) for found in done):,}", ""),
    ]
    return key_figures(figures)


def _largest(done: Sequence[tuple[PairOutcome, FinishedPair]]) -> str:
    """The largest changes, as pictures that lead to the reports."""
    shown = sorted(done, key=lambda each: (-(each[1].hectares or 0), -each[1].changed_share))[:SHOWN]
    figures = []
    for outcome, found in (each for each in shown if each[1].changed_pixels):
        details = read_details(outcome.folder / found.details)
        pictures, rasters = details.pictures, found.rasters(outcome.folder, details.facts)
        mask = small_mask(rasters, details.facts.overlap, pictures.valid.shape)
        image = Image.fromarray(change_image(pictures.after, mask))
        image.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
        report = PurePath(outcome.pair.id, found.report)
        figures.append(
            f'<figure><div class="frame"><img alt="" src="{picture_source(image, photograph=True)}"></div>'
            f"<figcaption><b>{link(outcome.pair.id, report)}</b> {escape(_in_short(found))}</figcaption></figure>"
        )
    return f'<h2>Largest changes</h2><div class="figures">{"".join(figures)}</div>' if figures else ""


def _in_short(found: FinishedPair) -> str:
    area = area_in_words(found.hectares, found.changed_pixels)
    return f"{area}, {percent(found.changed_share)}; {_when(found)}"


def _when(found: FinishedPair) -> str:
    days = found.date_before, found.date_after
    if days == (None, None):
        return "dates not stated"
    return " to ".join("not stated" if day is None else day.isoformat() for day in days)


def _table(done: Sequence[tuple[PairOutcome, FinishedPair]]) -> str:
    head = ("", "hectares", "share", "places", "before", "after", "read by", "warnings")
    body = [
        (
            Link(outcome.pair.id, PurePath(outcome.pair.id, found.report)),
            DASH if found.hectares is None else number(found.hectares),
            percent(found.changed_share),
            f"{found.polygons:,}",
            DASH if found.date_before is None else found.date_before.isoformat(),
            DASH if found.date_after is None else found.date_after.isoformat(),
            found.detector,
            str(len(found.warnings) or ""),
        )
        for outcome, found in done
    ]
    return html_table(head, body)


def map_drawing(outcomes: Sequence[PairOutcome]) -> bytes | None:
    """The map of the pairs as SVG; None where no pair has a place."""
    sites = _sites([(each, each.finished) for each in outcomes if each.finished is not None])
    if not sites:
        return None
    svg = io.BytesIO()
    with figure_style():
        sites_map(sites).savefig(svg, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return svg.getvalue()


def _map_figure(drawing: bytes, done: Sequence[tuple[PairOutcome, FinishedPair]]) -> str:
    words = f"The {MOST_NAMED} largest changes are named. " if len(_sites(done)) > MOST_NAMED else ""
    return (
        f'<figure><img alt="Map of the pairs" style="width: 100%; background: #fff" src="{drawing_source(drawing)}">'
        f"<figcaption>{words}Outlines of countries: Natural Earth.</figcaption></figure>"
    )


def _sites(done: Sequence[tuple[PairOutcome, FinishedPair]]) -> list[Site]:
    return [
        Site(outcome.pair.id, *found.place, found.hectares or 0.0) for outcome, found in done if found.place is not None
    ]
