"""The figures of a report: images with scale bar, marks and legends."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minenetcd.display.agreement import agreement_legend
from minenetcd.display.page import picture_source
from minenetcd.display.palettes import OPINIONS, PROBABILITY
from minenetcd.display.round_numbers import round_down
from minenetcd.geo.grid import Grid
from minenetcd.prediction.facts import ImageFacts
from minenetcd.prediction.opening import COLOURS
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.report.figures import (
    agreement_image,
    change_image,
    date_image,
    opinions_image,
    probability_image,
)
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.prediction.report.pictures import small_mask, small_probability

LARGEST = 10  # changes listed, and marked on the map
LONGEST_SCALE = 0.3  # of the map's width


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
    """What changed, over the after image; the largest changes carry their number."""
    pictures = outcome.pictures
    mask = small_mask(outcome.scene, outcome.facts.overlap, pictures.valid.shape)
    caption = "<b>Change</b> over the after image"
    reduction = outcome.facts.overlap.width / mask.shape[1]
    if reduction > 1.5:
        caption += f"; 1 pixel here is {reduction:.1f} of the scene, marked where any of them changed"
    return _figure(outcome, change_image(pictures.after, mask), caption, marks=_marks(outcome), photograph=True)


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
    return _figure(outcome, probability_image(probability), f"{bar}<b>{what} of change</b>")


def opinions_map(outcome: Outcome, second: SceneRasters) -> str:
    """Where the detector of the map and that of the second opinion see change, together and alone."""
    pictures, facts = outcome.pictures, outcome.facts
    masks = (small_mask(scene, facts.overlap, pictures.valid.shape) for scene in (outcome.scene, second))
    image = opinions_image(pictures.after, *masks)
    names = {"both": "both", "first": f"{facts.model} alone", "second": f"{facts.second} alone"}
    colours = legend({names[who]: colour for who, colour in OPINIONS.items()})
    return _figure(outcome, image, f"<b>Two opinions</b>{colours}", photograph=True)


def agreement_map(outcome: Outcome, mask: NDArray[np.uint8], truth: NDArray[np.uint8]) -> str:
    """True and false positives and negatives, in the paper's colours."""
    image = agreement_image(mask, truth, outcome.pictures.valid.shape)
    return _figure(outcome, image, f"<b>Map against truth</b>{legend(agreement_legend(truth))}")


def scale_bar(metres: float) -> tuple[float, str]:
    """Length of a round number of metres for a map `metres` wide, as a part of its width, and its label."""
    length = round_down(LONGEST_SCALE * metres)
    label = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    return length / metres, label


def legend(colours: Mapping[str, str]) -> str:
    """What each colour means."""
    entries = "".join(
        f'<li><i style="background: {colour}"></i>{escape(name)}</li>' for name, colour in colours.items()
    )
    return f'<ul class="legend">{entries}</ul>'


def _figure(
    outcome: Outcome, pixels: NDArray[np.uint8], caption: str, *, marks: str = "", photograph: bool = False
) -> str:
    """An image (H, W, 4) of the overlap, see `map_figure`."""
    return map_figure(_overlap_grid(outcome), pixels, caption, marks=marks, photograph=photograph)


def map_figure(
    area: Grid, pixels: NDArray[np.uint8], caption: str, *, marks: str = "", photograph: bool = False
) -> str:
    """An image (H, W, 4) of `area` in true proportions, with a scale bar where metres are known; `caption` is HTML."""
    width, height = float(area.width), float(area.height)
    scale = ""
    if area.is_georeferenced:
        metres_x, metres_y = area.metres_per_pixel
        width, height = width * metres_x, height * metres_y
        share, label = scale_bar(width)
        scale = f'<div class="scale" style="width: {100 * share:.3f}%"><span>{label}</span></div>'
    kind = "" if photograph else ' class="sharp"'
    source = picture_source(Image.fromarray(pixels), photograph=photograph)
    image = f'<img{kind} alt="" src="{source}" style="aspect-ratio: {width:.6g} / {height:.6g}">'
    return f'<figure><div class="frame">{image}{marks}{scale}</div><figcaption>{caption}</figcaption></figure>'


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
