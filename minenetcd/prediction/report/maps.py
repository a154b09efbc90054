"""The figures of a report: images with scale bar, marks and legends."""

from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minenetcd.constants import UNKNOWN
from minenetcd.display.agreement import agreement_legend
from minenetcd.display.page import picture_source
from minenetcd.display.palettes import OPINIONS, PROBABILITY
from minenetcd.geo.grid import Grid
from minenetcd.prediction.facts import ImageFacts
from minenetcd.prediction.opening import COLOURS
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.report.figures import (
    CHANGED_SWATCH,
    UNCHANGED_SWATCH,
    agreement_image,
    change_image,
    date_image,
    opinions_image,
    probability_image,
)
from minenetcd.prediction.report.frame import framed, legend
from minenetcd.prediction.report.map_words import map_words
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.prediction.report.pictures import small_mask, small_probability

LARGEST = 10  # changes listed, and marked on the map


def date_maps(outcome: Outcome) -> str:
    """Before and after, side by side."""
    facts, pictures = outcome.facts, outcome.pictures
    return "".join(
        _figure(
            outcome, date_image(colours, pictures.valid), f"<b>{name}</b> {escape(_caption(image))}", photograph=True
        )
        for name, colours, image in (
            ("Before", pictures.before, facts.before),
            ("After", pictures.after, facts.after),
        )
    )


def change_map(outcome: Outcome) -> str:
    """What changed, over the after image, with what its colours mean and where it lies beside it.

    The largest changes carry their number.
    """
    pictures = outcome.pictures
    mask = small_mask(outcome.scene, outcome.facts.overlap, pictures.valid.shape)
    caption = "<b>Change</b> over the after image"
    reduction = outcome.facts.overlap.width / mask.shape[1]
    if reduction > 1.5:
        caption += f"; 1 pixel here is {reduction:.1f} of the scene, marked where any of them changed"
    figure = _figure(outcome, change_image(pictures.after, mask), caption, marks=_marks(outcome), photograph=True)
    colours = {"changed": CHANGED_SWATCH, "unchanged: the after image, pale": UNCHANGED_SWATCH}
    words = f"<h2>Legend</h2>{legend(colours, no_data=bool((mask == UNKNOWN).any()))}"
    if len(outcome.change.polygons):
        words += '<p class="note"><span class="number-mark">1</span> the largest changes, as in the table</p>'
    return f'<div class="sheet-map">{figure}<div>{words}{map_words(outcome.facts)}</div></div>'


def probability_map(outcome: Outcome) -> str:
    """Probability or score, with a colour bar on which the threshold is marked."""
    probability = small_probability(outcome.scene, outcome.facts.overlap, outcome.pictures.valid.shape)
    colours = ", ".join(PROBABILITY)
    threshold = outcome.facts.threshold
    bar = (
        f'<div class="bar" style="background: linear-gradient(to right, {colours})">'
        f'<i style="left: {100 * threshold:.2f}%"></i></div><div class="ticks"><span style="left: 0">0</span>'
        f'<span style="left: 100%">1</span><span style="left: {100 * threshold:.2f}%">threshold {threshold:g}</span>'
        "</div>"
    )
    what = "Probability" if outcome.facts.has_probabilities else "Score"
    hatched = legend({}, no_data=True) if np.isnan(probability).any() else ""
    return _figure(outcome, probability_image(probability), f"{bar}<b>{what} of change</b>{hatched}")


def opinions_map(outcome: Outcome, second: SceneRasters) -> str:
    """Where the detector of the map and that of the second opinion see change, together and alone."""
    pictures, facts = outcome.pictures, outcome.facts
    masks = [small_mask(scene, facts.overlap, pictures.valid.shape) for scene in (outcome.scene, second)]
    image = opinions_image(pictures.after, masks[0], masks[1])
    names = {"both": "both", "first": f"{facts.model} alone", "second": f"{facts.second} alone"}
    means = {names[who]: colour for who, colour in OPINIONS.items()}
    words = legend(means, no_data=bool((masks[0] == UNKNOWN).any()))
    return _figure(outcome, image, f"<b>Two opinions</b>{words}", photograph=True)


def agreement_map(outcome: Outcome, mask: NDArray[np.uint8], truth: NDArray[np.uint8]) -> str:
    """True and false positives and negatives, in the paper's colours."""
    image = agreement_image(mask, truth, outcome.pictures.valid.shape)
    return _figure(
        outcome,
        image,
        f"<b>Map against truth</b>{legend(agreement_legend(truth), no_data=bool((mask == UNKNOWN).any()))}",
    )


def _figure(
    outcome: Outcome, pixels: NDArray[np.uint8], caption: str, *, marks: str = "", photograph: bool = False
) -> str:
    """An image (H, W, 4) of the overlap, in its frame."""
    source = picture_source(Image.fromarray(pixels), photograph=photograph)
    stated = outcome.facts.options.metres_per_pixel
    return framed(_overlap_grid(outcome), source, stated=stated, over=marks, sharp=not photograph, caption=caption)


def _marks(outcome: Outcome) -> str:
    """Numbers at points inside the largest changes."""
    area = _overlap_grid(outcome)
    largest = outcome.change.polygons.head(LARGEST)
    points = largest.geometry.representative_point()
    marks = []
    for number, point in zip(largest["id"], points, strict=True):
        col, row = ~area.transform @ (point.x, point.y)
        place = f"left: {100 * col / area.width:.2f}%; top: {100 * row / area.height:.2f}%"
        marks.append(f'<span class="mark" style="{place}">{number}</span>')
    return "".join(reversed(marks))  # the largest lies on top


def _overlap_grid(outcome: Outcome) -> Grid:
    window = outcome.facts.overlap
    return outcome.facts.grid.part(window)


def _caption(image: ImageFacts) -> str:
    """The day, the file, and which bands are shown where they are not the first three of three."""
    name = Path(image.source).name
    caption = f"{image.date[:10]}, {name}" if image.date else name
    if len(image.shown) < COLOURS or (image.bands == image.shown == (1, 2, 3)):
        return caption
    return f"{caption}, bands {', '.join(map(str, image.shown))} as red, green, blue"
