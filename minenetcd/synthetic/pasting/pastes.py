"""Pieces of other images pasted into one date, and which of them are changes."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from minenetcd.constants import UNKNOWN
from minenetcd.synthetic.canvas.noise import Canvas, Field, Mask, log_uniform
from minenetcd.synthetic.pasting.colours import bare_share, colour_difference, laid_bare, local_difference, other_light
from minenetcd.synthetic.pasting.outlines import draw_outline
from minenetcd.synthetic.pasting.rules import PastingRules

#: A piece of real ground somewhere else, float32 (3, height, width), 0..1: called with a generator, height and width.
Filling = Callable[[Generator, int, int], Field]
Labels = NDArray[np.uint8]  # 0 unchanged, 1 changed, 255 not labelled

_APART = 4  # room around a paste, so that no edge but a soft one fades into another [pixels]
_TRIES = 6  # fillings looked at for one paste
_FEWEST = 12  # pixels of a paste
_FADED, _THERE = 0.1, 0.7  # of a soft edge: up to which share of the paste nothing changed, and from which it did


def paste(rng: Generator, canvas: Canvas, ground: Field, filling: Filling, rules: PastingRules) -> tuple[Field, Labels]:
    """`ground` (3, size, size) with one to `rules.most` pastes, and where they are changes, uint8 (size, size)."""
    picture, labels = ground.copy(), np.zeros(ground.shape[1:], np.uint8)
    for outline in islice(_outlines(rng, canvas, rules), int(rng.integers(1, rules.most + 1))):
        width = _edge_width(rng, rules)
        window = _window(outline, max(_APART, round(width)))
        covered, where = ground[:, *window], outline[window]
        content, is_change = _content(rng, covered, where, filling, rules)
        if content is None:
            continue
        share = ndimage.gaussian_filter(where.astype(np.float32), 0.4 * width, mode="nearest", truncate=3)
        picture[:, *window] += share * (content - picture[:, *window])
        label(labels[window], where, share, is_change=is_change, is_soft=width > rules.feather[1])
    return picture, labels


def label(labels: Labels, where: Mask, share: Field, *, is_change: bool, is_soft: bool) -> None:
    """Mark a paste in `labels` (H, W): of a change its outline, or what is surely there of one that fades in softly.

    Not labelled is where a change fades, and where an earlier one lies under the soft edge of any paste.
    """
    if is_soft:
        edge = share > _FADED
        labels[edge if is_change else edge & (labels == 1)] = UNKNOWN
        where = share >= _THERE
    if is_change:
        labels[where] = 1


def elsewhere(
    rng: Generator, canvas: Canvas, ground: Field, filling: Filling, rules: PastingRules
) -> tuple[Field, Labels]:
    """Another place instead of `ground`: changed where its local colours differ, not labelled elsewhere."""
    picture = filling(rng, canvas.size, canvas.size)
    return picture, np.where(local_difference(ground, picture) >= rules.colour, 1, UNKNOWN).astype(np.uint8)


def _edge_width(rng: Generator, rules: PastingRules) -> float:
    """Over how many pixels a paste fades in."""
    return log_uniform(rng, *rules.soft_edge) if rng.random() < rules.soft else float(rng.uniform(*rules.feather))


def _outlines(rng: Generator, canvas: Canvas, rules: PastingRules) -> Iterator[Mask]:
    """Outlines that keep apart from each other, as long as there is room."""
    taken = np.zeros((canvas.size, canvas.size), bool)
    for _ in range(4 * rules.most):
        outline = draw_outline(rng, canvas, rules.radius)
        if outline.sum() >= _FEWEST and not (outline & taken).any():
            taken |= ndimage.binary_dilation(outline, iterations=2 * _APART)
            yield outline


def _window(outline: Mask, room: int) -> tuple[slice, slice]:
    """Rows and columns around the outline, with `room` for its edge to fade. [pixels]"""
    rows, columns = ndimage.find_objects(outline.astype(np.uint8))[0]
    height, width = outline.shape
    return (
        slice(max(rows.start - room, 0), min(rows.stop + room, height)),
        slice(max(columns.start - room, 0), min(columns.stop + room, width)),
    )


def _content(
    rng: Generator, covered: Field, where: Mask, filling: Filling, rules: PastingRules
) -> tuple[Field | None, bool]:
    """What stands in the outline `where` instead of what it covers, and whether that is a change.

    None where no filling that was looked at differs enough to be a change.
    """
    if rng.random() < rules.light:
        return other_light(rng, covered), False
    fillings = (filling(rng, *where.shape) for _ in range(_TRIES))
    if rng.random() < rules.alike:
        nearest = min(fillings, key=lambda content: colour_difference(covered, content, where))
        is_alike = not _is_change(covered, nearest, where, rules)
        return (nearest if is_alike else other_light(rng, covered)), False
    for content in fillings:
        shown = laid_bare(rng, content) if rng.random() < rules.bare else content
        if rng.random() < rules.faint:
            shown = covered + np.float32(rng.uniform(*rules.strength)) * (shown - covered)
        if _is_change(covered, shown, where, rules):
            return shown, True
    return None, False


def _is_change(covered: Field, content: Field, where: Mask, rules: PastingRules) -> bool:
    return (
        colour_difference(covered, content, where) >= rules.colour
        or abs(bare_share(covered, where) - bare_share(content, where)) >= rules.bareness
    )
