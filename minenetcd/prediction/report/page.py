"""One page that shows a result to people."""

from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minenetcd.display.page import key_figures, render_page
from minenetcd.display.words import number
from minenetcd.evaluation.confusion import Confusion
from minenetcd.files import write_text
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.rasters.scene_rasters import read_window
from minenetcd.prediction.report.map_words import in_degrees, told_by
from minenetcd.prediction.report.maps import agreement_map, change_map, date_maps, opinions_map, probability_map
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.prediction.report.recipe import recipe_table
from minenetcd.prediction.report.tables import (
    areas_table,
    concessions_table,
    facts_table,
    kinds_table,
    largest_table,
    metrics_table,
    reading_table,
    size,
)

#: Where a report says what people judged of the changes, once they have.
REVIEW_PLACE = "<!-- review --><!-- end of review -->"


def write_report(path: Path, outcome: Outcome, *, truth: NDArray[np.uint8] | None = None) -> None:
    """Write the report of `outcome` to `path`, complete or not at all.

    `truth` (H, W) on the scene's grid: 0 unchanged, 1 changed, 255 not known; the map is scored against it.
    """
    write_text(path, render_report(outcome, truth=truth))


def render_report(outcome: Outcome, *, truth: NDArray[np.uint8] | None = None) -> str:
    """The page as HTML. All text that comes from outside is escaped."""
    facts = outcome.facts
    return render_page(
        kind="Change report",
        heading=f"Change between {told_by(facts.before, facts.after)} and {told_by(facts.after, facts.before)}",
        subtitle=_subtitle(outcome),
        sections=_sections(outcome, truth),
        made=f"Computed in {number(outcome.seconds)} s",
        software=f"minenetcd {facts.version}",
    )


def _sections(outcome: Outcome, truth: NDArray[np.uint8] | None) -> list[str]:
    facts = outcome.facts
    sections = [f'<p class="warning"><b>Warning.</b> {escape(text)}</p>' for text in facts.warnings]
    sections.append(_key_figures(outcome))
    sections.append(f'<div class="figures">{date_maps(outcome)}</div>{change_map(outcome)}')
    sections.append(REVIEW_PLACE)
    sections.append(f"<h2>How it was read</h2>{reading_table(outcome)}")
    figures = [probability_map(outcome)]
    if outcome.second is not None:
        figures.insert(0, opinions_map(outcome, outcome.second))
    tables = [f"<h2>Areas</h2>{areas_table(outcome)}<h2>Largest changes</h2>{largest_table(outcome)}"]
    if outcome.change.kinds is not None:
        tables.append(f"<h2>What changed</h2>{kinds_table(outcome.change.kinds)}")
    if outcome.change.where.concessions is not None:
        tables.append(f"<h2>Concessions</h2>{concessions_table(outcome.change.where.concessions)}")
    if truth is not None:
        figure, table = _agreement(outcome, truth)
        figures.append(figure)
        tables.append(table)
    sections.append(f'<div class="pair"><div>{"".join(figures)}</div><div>{"".join(tables)}</div></div>')
    sections.append(f"<h2>Images</h2>{facts_table(outcome)}")
    sections.append(f"<h2>How the map was made</h2>{recipe_table(facts)}")
    sections.append(f'<p class="limits"><b>Limits.</b> {escape(_limits(facts))}</p>')
    return sections


def _agreement(outcome: Outcome, truth: NDArray[np.uint8]) -> tuple[str, str]:
    """Figure and table of the map against the truth, over the overlap of the two dates."""
    window = outcome.facts.overlap
    mask = read_window(outcome.scene.mask, window)
    rows, cols = window.toslices()
    confusion = Confusion.count(mask, truth[rows, cols])
    figure = agreement_map(outcome, mask, truth[rows, cols])
    return figure, f"<h2>Against the truth</h2>{metrics_table(confusion)}"


def _key_figures(outcome: Outcome) -> str:
    change = outcome.change
    share = 100 * change.changed_pixels / change.valid_pixels
    figures = {
        "Changed": size(change.hectares, change.changed_pixels),
        "Share of the analysed area": f"{number(share)} %",
        "Separate changes": f"{len(change.polygons):,}",
        "Analysed": size(change.valid_hectares, change.valid_pixels),
    }
    if not change.changed_pixels and not outcome.facts.fits:  # that it found nothing says nothing
        figures |= dict.fromkeys(("Changed", "Share of the analysed area", "Separate changes"), "\N{EN DASH}")
    parts = {name: text.partition(" ") for name, text in figures.items()}
    return key_figures((name, value, unit) for name, (value, _, unit) in parts.items())


def _subtitle(outcome: Outcome) -> str:
    grid = outcome.facts.grid
    text = f"Read by {outcome.facts.model}"
    if grid.is_georeferenced:
        bounds = grid.bounds_degrees
        longitude, latitude = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
        text += f", around {in_degrees(longitude, latitude, digits=4)}"
    return text


def _limits(facts: SceneFacts) -> str:
    if not facts.provenance.is_ready:
        return f"{facts.model} names no data it was trained on, so this map says nothing certain about the place."
    own = facts.provenance.limits
    what = "probability" if facts.has_probabilities else "score"
    source = "of a detector without training, which learned from these two images"
    if not facts.provenance.learns_each_scene:
        source = f"of a model trained on {facts.provenance.trained_on}"
    return (
        f"This map is an estimate {source}, not a survey: it counts "
        f"whole pixels whose {what} reaches {facts.threshold:g}, states no margin of error, and may take season, "
        "shadow, haze or misregistration for change; check each site on the images before acting on it."
        + (f" {own}" if own else "")
    )
