"""The tables of a report."""

from collections.abc import Callable
from html import escape

from geopandas import GeoDataFrame

from minenetcd.constants import DEGREES
from minenetcd.display.tables import html_table
from minenetcd.display.words import counted, number
from minenetcd.evaluation.confusion import Confusion
from minenetcd.prediction.facts import ImageFacts, SceneFacts
from minenetcd.prediction.kinds.found import KindsFound, size_in_words
from minenetcd.prediction.report.maps import LARGEST
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.prediction.where.concessions import ConcessionAreas
from minenetcd.prediction.where.rows import labelled

#: Concessions that a report lists.
MOST_CONCESSIONS = 20

Row = tuple[str, ...]


def size(hectares: float | None, pixels: int) -> str:
    """An area in hectares, or in pixels where there is no ground."""
    return f"{pixels:,} pixels" if hectares is None else f"{number(hectares)} ha"


def areas_table(outcome: Outcome) -> str:
    """The whole scene, what of it was analysed, and what of that changed."""
    change, grid = outcome.change, outcome.scene.grid
    rows = (
        ("Before image, whole", grid.height * grid.width, change.scene_hectares),
        (f"Analysed: {_analysed(outcome.facts)}", change.valid_pixels, change.valid_hectares),
        ("Unchanged", change.valid_pixels - change.changed_pixels, _less(change.valid_hectares, change.hectares)),
        ("Changed", change.changed_pixels, change.hectares),
    )
    head: Row = ("", "pixels", "hectares", "of analysed")
    body: list[Row] = [
        (name, f"{pixels:,}", "" if hectares is None else number(hectares), _share(pixels, change.valid_pixels))
        for name, pixels, hectares in rows
    ]
    if not grid.is_georeferenced:
        head, *body = ((*row[:2], row[3]) for row in (head, *body))
    note = counted(len(change.polygons), "separate change")
    if outcome.facts.options.min_area_ha:
        note += f", those below {outcome.facts.options.min_area_ha:g} ha left out"
    if outcome.unsure_in_words is not None:
        note += f"; {outcome.unsure_in_words}"
    if change.where.isolated is not None:
        note += f"; {change.where.isolated.in_words}"
    return f"{html_table(head, body, emphasised=len(body))}{_note(f'{note}.')}"


def largest_table(outcome: Outcome) -> str:
    """The largest changes, by the numbers on the map, and what the rest comes to."""
    frame, change = outcome.change.polygons, outcome.change
    if frame.empty:
        return _note(f"No change was found. {outcome.about_nothing}")
    largest = frame.head(LARGEST)
    points = largest.geometry.representative_point()
    if outcome.scene.grid.is_georeferenced:
        head: Row = ("", "hectares", "mean score", "longitude", "latitude")
        measure, digits = "area_ha", 5
        points = points.to_crs(DEGREES)
    else:
        place = ("x", "y") if outcome.scene.grid.has_coordinates else ("column", "row")
        head, measure, digits = ("", "pixels", "mean score", *place), "area_px", 1
    rows = zip(largest["id"], largest[measure], largest["confidence_mean"], points, strict=True)
    body: list[Row] = [
        (
            str(key),
            f"{area:,.0f}" if measure == "area_px" else number(area),
            f"{mean:.3f}",
            f"{point.x:.{digits}f}",
            f"{point.y:.{digits}f}",
        )
        for key, area, mean, point in rows
    ]
    head, body = _with_where(head, body, largest)
    if "kind" in largest:
        head = (*head, "what changed")
        body = [(*row, kind) for row, kind in zip(body, largest["kind"], strict=True)]
    if "agreement" in largest:
        head = (*head, "agreement")
        body = [(*row, f"{100 * share:.0f} %") for row, share in zip(body, largest["agreement"], strict=True)]
    rest = len(frame) - len(largest)
    note = "Numbers as on the map; positions are points inside each change."
    if "agreement" in largest:
        note += f" Agreement: the share of each that {outcome.facts.second} calls changed, too."
    if rest:
        area = frame[measure].iloc[LARGEST:].sum()
        note += f" {rest:,} smaller changes add {size(None if change.hectares is None else area, round(area))}."
    return f'<div class="wide">{html_table(head, body)}</div>{_note(note)}'


def _analysed(facts: SceneFacts) -> str:
    options = facts.options
    words = "data on both dates" if options.aoi is None else "data on both dates, in the area of interest"
    is_masked = any((options.mask, options.mask_before, options.mask_after, options.clouds))
    return f"{words}, not masked" if is_masked else words


def _with_where(head: Row, body: list[Row], largest: GeoDataFrame) -> tuple[Row, list[Row]]:
    """The table of the largest changes with the concession of each and its distance to known mines, if known."""
    if "lease" in largest:
        head = (*head, "concession", "")
        places = zip(body, largest["lease"], largest["lease_status"], strict=True)
        body = [(*row, lease if isinstance(lease, str) else "", str(status)) for row, lease, status in places]
    if "distance_m" in largest:
        head = (*head, "m to a known mine")
        body = [(*row, f"{metres:,.0f}") for row, metres in zip(body, largest["distance_m"], strict=True)]
    return head, body


def kinds_table(found: KindsFound) -> str:
    """How much of what kind changed."""
    if not found.can_be_told:
        return _note(f"What kind of change it is, is {found.in_words}.")
    body: list[Row] = [(area.kind or "nothing clear", size_in_words(area), f"{area.places:,}") for area in found.areas]
    note = (
        f"Told by {found.indices.in_words}; against {found.compared:,} pixels that did not change. A change may be of "
        "several kinds, and counts in each."
    )
    return f"{html_table(('Kind', 'area', 'changes'), body)}{_note(note)}"


def concessions_table(areas: ConcessionAreas) -> str:
    """What changed in each concession, the most first, and what lies in none."""
    rows = areas.largest_first()
    body: list[Row] = [(name, number(hectares), f"{count:,}") for name, hectares, count in rows[:MOST_CONCESSIONS]]
    body.append(("In no concession", number(areas.outside), ""))
    note = "Hectares inside each; what lies in two that overlap counts in both."
    if len(rows) > MOST_CONCESSIONS:
        others = sum(hectares for _, hectares, _ in rows[MOST_CONCESSIONS:])
        note += f" {len(rows) - MOST_CONCESSIONS:,} others have {number(others)} ha."
    return f"{html_table(('Concession', 'changed ha', 'changes'), body, emphasised=len(body))}{_note(note)}"


def metrics_table(confusion: Confusion) -> str:
    """Counts and the measures made of them; a dash where a measure is undefined."""
    counts = [
        (name, f"{count:,}")
        for name, count in (
            ("True positives", confusion.tp),
            ("False positives", confusion.fp),
            ("False negatives", confusion.fn),
            ("True negatives", confusion.tn),
        )
    ]
    measures = [
        (name, "\N{EN DASH}" if value is None else f"{value:.4f}")
        for name, value in (
            ("Overall accuracy", confusion.oa),
            ("Precision", confusion.precision),
            ("Recall", confusion.recall),
            ("F1", confusion.f1),
            ("Change IoU (cIoU)", confusion.ciou),
        )
    ]
    return html_table(("Pixels", ""), counts) + '<p class="note"></p>' + html_table(("Measures", ""), measures)


def facts_table(outcome: Outcome) -> str:
    """The two images side by side."""
    facts = outcome.facts
    stated: tuple[tuple[str, Callable[[ImageFacts], str]], ...] = (
        ("File", lambda image: image.source),
        ("Date", lambda image: image.acquired.in_words),
        ("Size", lambda image: f"{image.grid.width:,} x {image.grid.height:,} pixels"),
        ("Pixel on the ground", lambda image: image.pixel_size or _stated_size(facts)),
        ("Coordinate system", lambda image: image.crs),
        ("Bands", lambda image: f"{image.read.in_words()}, {image.dtype}"),
    )
    rows = [(name, read(facts.before), read(facts.after)) for name, read in stated]
    return html_table(("", "before", "after"), rows, kind="facts")


def reading_table(outcome: Outcome) -> str:
    """Who read the images, why, what it learned from, and what may be expected of it."""
    facts = outcome.facts
    rows: list[Row] = [
        ("Detector", facts.detector_in_words),
        ("Trained on", facts.provenance.trained_on_in_words or "nothing that is stated"),
        ("Measured", facts.expectation),
    ]
    if outcome.second_in_words:
        rows.append(("Second opinion", outcome.second_in_words))
    where = [*labelled(facts.where), *outcome.change.where.rows()]
    return html_table(("", ""), [*rows, *facts.adjustments, *where], kind="facts")


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _stated_size(facts: SceneFacts) -> str:
    """Of the pixels of pictures."""
    metres = facts.options.metres_per_pixel
    return "unknown" if metres is None else f"{metres:.4g} m, as stated"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if part <= whole else ""


def _less(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else whole - part
