"""Pairs with truth from real images: what changed is pasted, what did not change looks as it does on real dates.

Source of the idea: Zheng et al., "Change is Everywhere: Single-Temporal Supervised Object Change Detection in Remote
Sensing Imagery", ICCV 2021; Seo et al., "Self-Pair: Synthesizing Changes from Single Source for Object Change
Detection in Remote Sensing Imagery", WACV 2023.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from minenetcd.synthetic.canvas.noise import Canvas, Field
from minenetcd.synthetic.pasting.dates import shifted, view
from minenetcd.synthetic.pasting.pastes import Filling, elsewhere, paste
from minenetcd.synthetic.pasting.rules import PastingRules


@dataclass(frozen=True)
class PastedPair:
    """Two dates of one place, uint8 (H, W, 3), and where they were made to change, uint8 (H, W): 0, 1, 255 unknown."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def paste_pair(rng: Generator, ground: tuple[Field, Field], filling: Filling, rules: PastingRules) -> PastedPair:
    """A pair from two real dates of one square place, or one twice: float32 (3, size, size), 0..1.

    Pastes go into one date, the other may be shifted: outlines and truth stay on one grid. Which of them comes first
    is drawn last.
    """
    still, pasted = ground
    canvas = Canvas(still.shape[-1], 1.0)
    mask = np.zeros(still.shape[1:], np.uint8)
    if rng.random() < rules.changed:
        change = elsewhere if rng.random() < rules.elsewhere else paste
        pasted, mask = change(rng, canvas, pasted, filling, rules)
    if rng.random() < rules.shift:
        still = shifted(rng, still)
    dates = [view(rng, canvas, picture, rules) for picture in (still, pasted)]
    if rng.random() < 0.5:
        dates.reverse()
    return PastedPair(dates[0], dates[1], mask)
