"""sheets.html: one page for each of the largest changes, to print, file and take along."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from PIL import Image
from shapely.geometry.base import BaseGeometry

from minenetcd.constants import DEGREES
from minenetcd.display.page import picture_source, render_page
from minenetcd.display.palettes import OUTLINE, OUTLINE_CASING
from minenetcd.display.tables import html_table
from minenetcd.display.words import counted, number, percent
from minenetcd.files import write_text
from minenetcd.geo.grid import Grid
from minenetcd.prediction.report.figures import change_image
from minenetcd.prediction.report.frame import framed
from minenetcd.prediction.report.map_words import (
    coordinates_in_words,
    in_coordinates,
    in_degrees,
    pixels_in_words,
    told_by,
)
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.prediction.report.pictures import small_mask
from minenetcd.prediction.report.sheet_pictures import SheetPicture
from minenetcd.prediction.report.tables import size

Row = tuple[str, str]

#: An outline is no finer than this part of the picture's side.
_DETAIL = 1 / 800

_STYLE = """
.sheet { break-before: page; padding-top: 34px; margin-top: 44px; border-top: 2px solid var(--ink); }
.sheet h2 { margin: 0; font-size: 21px; }
.sheet .dates { display: grid; grid-template-columns: 1fr 1fr; gap: 18px; margin-top: 16px; }
.sheet .about { display: grid; grid-template-columns: 1fr 30%; gap: 28px; align-items: start; margin-top: 18px; }
.sheet table.facts th:first-child { width: 26%; }
.outline { position: absolute; left: 0; top: 0; width: 100%; height: 100%; }
.locator { position: relative; background-size: 100% 100%; border: 1px solid var(--line); }
.locator i { position: absolute; border: 2px solid #14171a; outline: 1.5px solid #fff; }
@media screen and (max-width: 760px) { .sheet .dates, .sheet .about { grid-template-columns: 1fr; } }
@media print { .sheet { padding-top: 0; margin-top: 0; border-top: 0; } .sheet:first-of-type { break-before: auto; } }
"""


def write_sheets(path: Path, outcome: Outcome) -> None:
    """Write the sheets of `outcome` to `path`, complete or not at all."""
    write_text(path, render_sheets(outcome))


def render_sheets(outcome: Outcome) -> str:
    """The sheets as HTML, largest change first. All text that comes from outside is escaped."""
    facts, frame = outcome.facts, outcome.polygons
    shown = frame.head(len(outcome.sheets.each))
    points = shown.geometry.representative_point()
    degrees = points.to_crs(DEGREES) if outcome.scene.grid.is_georeferenced else [None] * len(points)
    places = zip(shown.to_dict("records"), points, degrees, outcome.sheets.each, strict=True)
    between = f"{told_by(facts.before, facts.after)} and {told_by(facts.after, facts.before)}"
    subtitle = f"{counted(len(shown), 'change')} between {between}, by {facts.model}"
    if len(frame) > len(shown):
        subtitle += f"; the largest of {len(frame):,}"
    sheets = [_sheet(outcome, dict(row), point, at, picture) for row, point, at, picture in places]
    nothing = [] if len(frame) else [f'<p class="note">No change was found. {escape(facts.about_nothing)}</p>']
    return render_page(
        kind="Change sheets",
        heading=f"Changes between {between}",
        subtitle=subtitle,
        sections=[_about(outcome), *nothing, *sheets],
        made=f"Computed on {outcome.started:%Y-%m-%d}",
        software=f"minenetcd {facts.version}",
        style=_STYLE + (_locator_style(outcome) if sheets else ""),
    )


def _about(outcome: Outcome) -> str:
    """What holds for every sheet."""
    moved = (
        "; the after image is shown where its displacement puts it, which was taken out" if outcome.sheets.moved else ""
    )
    words = (
        f"Both dates are stretched alike, with the tones of the files{moved}. The outline is that of the map, which "
        "is an estimate by a detector: look at both dates before you act. Numbers are those of the polygons (id) and "
        "of the report."
    )
    return f'<p class="note">{escape(words)}</p>'


def _sheet(outcome: Outcome, row: dict[str, Any], point: Any, degrees: Any, picture: SheetPicture) -> str:
    facts = outcome.facts
    over = _outline(row["geometry"], picture.area)
    stated = facts.options.metres_per_pixel
    dates = "".join(
        framed(
            picture.area, source, stated=stated, over=over, sharp=picture.is_sharp,
            caption=f"<b>{name}</b> {escape(words)}",
        )
        for name, words, source in (
            ("Before", told_by(facts.before, facts.after), picture.before),
            ("After", told_by(facts.after, facts.before), picture.after),
        )
    )  # fmt: skip
    rows = [*_measures(outcome, row), *_places(outcome, row, point, degrees), *_origin(outcome)]
    area = size(row.get("area_ha"), int(row.get("area_px", 0)))
    return (
        f'<section class="sheet"><h2>Change {row["id"]}: {escape(area)}</h2><div class="dates">{dates}</div>'
        f'<div class="about"><div>{html_table(("", ""), rows, kind="facts")}</div>'
        f"<div>{_locator(outcome, picture.area)}</div></div></section>"
    )


def _measures(outcome: Outcome, row: dict[str, Any]) -> Iterator[Row]:
    """Area, dates, and how sure detectors are."""
    facts = outcome.facts
    yield "Number (id)", str(row["id"])
    unit = "ha" if "area_ha" in row else "pixels"
    area, around = (row["area_ha"], row["perimeter_m"]) if unit == "ha" else (row["area_px"], row["perimeter_px"])
    length = "m" if unit == "ha" else "pixel sides"
    yield "Area", f"{number(float(area)) if unit == 'ha' else f'{area:,.0f}'} {unit}, perimeter {around:,.0f} {length}"
    yield "Dates", f"{facts.before.acquired.in_words}; {facts.after.acquired.in_words}"
    what = "probability" if facts.has_probabilities else "score"
    mean, low = row["confidence_mean"], row["confidence_p10"]
    yield "Confidence", f"mean {what} {mean:.3f}, a tenth of it below {low:.3f} (threshold {facts.threshold:g})"
    if row["touches_nodata"]:
        yield "Seen", f"data beyond {percent(row['valid_fraction'])} of its outline: it may go on where there is none"
    if "kind" in row:
        yield "What changed", row["kind"] or "nothing that is clear from the bands"
    if facts.second is not None and not np.isnan(row["agreement"]):
        yield "Agreement", f"{facts.second} calls {percent(row['agreement'])} of it changed, too"


def _places(outcome: Outcome, row: dict[str, Any], point: Any, degrees: Any) -> Iterator[Row]:
    """Where it lies, by its coordinates and by what is known there."""
    grid = outcome.scene.grid
    if degrees is not None:
        yield "Position", f"{in_degrees(degrees.x, degrees.y)} (WGS 84), a point inside"
    if not grid.is_geographic:
        place = in_coordinates(grid, point.x, point.y)
        words = f"{place} ({coordinates_in_words(outcome.facts)})" if grid.has_coordinates else place
        yield "In the grid" if degrees is not None else "Position", words
    if "lease" in row:
        name = row["lease"] if isinstance(row["lease"], str) else "none"
        yield "Concession", f"{name} ({row['lease_status']})"
    if "distance_m" in row:
        yield "Known mines", "inside one" if row["distance_m"] == 0 else f"{row['distance_m']:,.0f} m to the nearest"


def _origin(outcome: Outcome) -> Iterator[Row]:
    facts = outcome.facts
    yield "Pixels", pixels_in_words(facts)
    yield "Images", f"{facts.before.source}; {facts.after.source}"
    yield "Detector", facts.model


def _outline(change: BaseGeometry, area: Grid) -> str:
    """The edge of `change` over a picture of `area`: light with a dark casing, which is seen on any ground."""
    side = max(area.shape)
    simple = change.simplify(side * _DETAIL * _unit(area))
    rings = [ring for part in shapely.get_parts(simple) for ring in (part.exterior, *part.interiors)]
    path = "".join(_ring(np.asarray(ring.coords), area) for ring in rings)
    lines = "".join(
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{side * width:.3f}" stroke-linejoin="round"/>'
        for colour, width in ((OUTLINE_CASING, 0.011), (OUTLINE, 0.005))
    )
    view = f"0 0 {area.width} {area.height}"
    return f'<svg class="outline" viewBox="{view}" preserveAspectRatio="none">{lines}</svg>'


def _unit(area: Grid) -> float:
    """Length of a pixel, in the units of its coordinates."""
    return float(abs(area.transform.determinant) ** 0.5)


def _ring(points: Any, area: Grid) -> str:
    columns, rows = ~area.transform @ (points[:, 0], points[:, 1])
    return "M" + "L".join(f"{column:.2f} {row:.2f}" for column, row in zip(columns, rows, strict=True)) + "Z"


def _locator_style(outcome: Outcome) -> str:
    """The change map once, for all sheets."""
    mask = small_mask(outcome.scene, outcome.facts.overlap, outcome.pictures.valid.shape)
    image = Image.fromarray(change_image(outcome.pictures.after, mask))
    return f".locator {{ background-image: url({picture_source(image, photograph=True)}); }}"


def _locator(outcome: Outcome, area: Grid) -> str:
    """Where the picture lies in the scene."""
    whole = outcome.scene.grid.part(outcome.facts.overlap)
    metres_x, metres_y = whole.metres_per_pixel if whole.is_georeferenced else (1.0, 1.0)
    corners: Sequence[tuple[float, float]] = [
        ~whole.transform @ (area.transform @ corner) for corner in ((0, 0), (area.width, area.height))
    ]
    (left, top), (right, bottom) = corners
    place = (
        f"left: {100 * left / whole.width:.2f}%; top: {100 * top / whole.height:.2f}%; "
        f"width: {100 * (right - left) / whole.width:.2f}%; height: {100 * (bottom - top) / whole.height:.2f}%"
    )
    tall = 100 * whole.height * metres_y / (whole.width * metres_x)
    words = "<figcaption>Place in the scene</figcaption>"
    return (
        f'<figure><div class="locator" style="padding-top: {tall:.3f}%"><i style="{place}"></i></div>{words}</figure>'
    )
