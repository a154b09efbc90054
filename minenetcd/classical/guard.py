"""What keeps a scene without change from being split: change must be visible, and lie together.

A threshold that is found in the values alone splits any scene, and no test of their histogram tells a scene without
change from one with little: blur, haze and shifted edges leave tails as long as change does. Two things do, measured on
change vectors whose bands have mean 0 and deviation 1 on each date, whatever the detector's own statistic is:

- how large they are: root mean square over the bands of at least VISIBLE deviations of the scene;
- whether visible pixels lie side by side more often than by chance, as areas do, and noise does not. Source: join
  counts, Cliff, Ord, "Spatial autocorrelation", 1973.

Both numbers were chosen on unchanged images (blurred, hazy, noisy, toned, shifted by part of a pixel) and pasted
changes, not on labelled pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.linear import LinearStatistic, change_vectors
from minenetcd.geo.no_change.pixels import ScenePixels

#: Root mean square over the bands of a change vector that can be seen. [deviations of the scene]
VISIBLE = 1.25
#: Below this excess of visible neighbours of visible pixels over chance, of 1, they are noise. Resampled noise has 0.2.
TOGETHER = 0.25


@dataclass(frozen=True)
class Guard:
    """A pixel is changed only if its standardised change vector is at least `cut` long."""

    statistic: LinearStatistic
    cut: float


def guard(pixels: ScenePixels, sample: Sequence[Pair]) -> Guard:
    """The guard of a scene; its cut is infinite where what is visible is noise, or nothing is."""
    vectors = change_vectors(pixels)
    cut = VISIBLE * float(np.sqrt(pixels.bands))
    counts = np.zeros(4, np.int64)
    for pair in sample:
        counts += _joins(vectors(pair.before, pair.after, pair.valid) >= cut, pair.valid)
    return Guard(vectors, cut if _excess(counts) >= TOGETHER else float("inf"))


def _joins(mask: NDArray[np.bool_], valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Visible and valid pixels, and pairs of neighbours of which both are valid: those with both visible, and all."""
    both = [(mask[1:] & mask[:-1], valid[1:] & valid[:-1]), (mask[:, 1:] & mask[:, :-1], valid[:, 1:] & valid[:, :-1])]
    visible, all_pairs = (sum(int(each[index].sum()) for each in both) for index in (0, 1))
    return np.array([mask.sum(), valid.sum(), visible, all_pairs], np.int64)


def _excess(counts: NDArray[np.int64]) -> float:
    """(share of visible among a visible pixel's neighbours - share of visible) / (1 - share of visible)."""
    visible, valid, joined, pairs = map(int, counts)
    if 0 in (visible, pairs):
        return 0.0
    share = visible / valid
    return 1.0 if share == 1 else (joined / pairs / share - share) / (1 - share)
