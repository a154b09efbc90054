"""The statistic that change vectors, MAD and slow features have in common: the length of differences of variates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.geo.no_change.pixels import Floats, ScenePixels


@dataclass(frozen=True)
class LinearStatistic:
    """||(y - mean_after) by_after - (x - mean_before) by_before||, for pixels x, y of p bands.

    `mean_*` (p,); `by_*` (p, k) holds a variate in each column, divided by its deviation where nothing changed.
    """

    mean_before: Floats
    by_before: Floats
    mean_after: Floats
    by_after: Floats
    reach = 0

    def squared(self, before: Floats, after: Floats) -> Floats:
        """(n, p) twice -> (n,)"""
        variates = self.by_after.T @ (after - self.mean_after).T  # (k, n)
        variates -= self.by_before.T @ (before - self.mean_before).T
        squares: Floats = np.square(variates, out=variates).sum(axis=0)
        return squares

    def __call__(self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_]) -> Floats:
        """(H, W, p) twice -> (H, W), 0 where not valid."""
        values = np.zeros(valid.shape)
        values[valid] = np.sqrt(self.squared(before[valid].astype(np.float64), after[valid].astype(np.float64)))
        return values


def change_vectors(pixels: ScenePixels) -> LinearStatistic:
    """The length of the difference of the dates, each band of each brought to mean 0 and deviation 1."""
    mean, bands, count = pixels.whole.mean, pixels.bands, len(pixels)
    deviation = pixels.whole.deviation * np.sqrt((count - 1) / count)  # of these pixels, as the goldens have it
    return LinearStatistic(mean[:bands], np.diag(1 / deviation[:bands]), mean[bands:], np.diag(1 / deviation[bands:]))
