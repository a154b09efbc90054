"""Clouds, maybe: what is bright, without colour and smooth in one date alone.

A fixed test in relative terms, for any numbers: no cloud mask. The limits were chosen on 128 pairs of real dates and
500 with changes pasted in, with drawn clouds and without: docs/experiments.md.
"""

import numpy as np
from numpy.typing import NDArray

from minenetcd.prediction.pair_checks.thinned import COLOURS, ThinnedDate

#: A cloud is brighter than so many percent of the other date, and at its place by this share of its own brightness.
BRIGHTER_THAN, LEAST_GAIN = 95, 0.4
#: The largest difference between its bands, and the largest step to the next pixel, as shares of its brightness.
MOST_COLOUR, MOST_ROUGHNESS = 0.15, 0.04
#: The share of a scene from which it is said.
LEAST_SHARE = 0.02
#: What is darker than so many percent of the pixels counts as black: haze and offsets are no brightness.
DARK_PERCENT = 1
#: One date may be brighter than the other in all of the scene by this factor: a difference in tone.
MOST_TONE = 3


def clouded_share(date: ThinnedDate, other: ThinnedDate) -> float:
    """The share of a scene that looks clouded in `date` and not in `other`; 0 with fewer than three bands."""
    if not len(date.blocks) or date.blocks.shape[1] < COLOURS:
        return 0.0
    return float(_clouded(date, other).mean())


def _clouded(date: ThinnedDate, other: ThinnedDate) -> NDArray[np.bool_]:
    """Which blocks (M,) do."""
    black = min(float(np.percentile(seen.blocks, DARK_PERCENT, axis=0).min()) for seen in (date, other))
    colours, reference = date.blocks - black, other.blocks - black
    bright, before = colours.mean(axis=1), reference.mean(axis=1)
    high = float(np.percentile(before, BRIGHTER_THAN))
    if high <= 0:
        return np.zeros(len(bright), bool)
    tone = np.clip(np.median(bright / np.maximum(before, high / 100)), 1, MOST_TONE)
    clouded: NDArray[np.bool_] = (
        (bright > tone * high)
        & (bright - tone * before > LEAST_GAIN * bright)
        & (np.ptp(colours, axis=1) < MOST_COLOUR * bright)
        & (date.roughness < MOST_ROUGHNESS * bright)
        & (date.roughness < np.median(other.roughness))
    )
    return clouded
