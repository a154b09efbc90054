"""A filter that smooths a map within what belongs together in the images, and not across their edges.

Source: He, Sun, Tang, "Guided image filtering", ECCV 2010, TPAMI 2013. Each date guides by its first principal
component. A pixel depends on others no farther away than twice the radius: means of means.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from minenetcd.geo.no_change.pixels import Floats, ScenePixels

#: Variance of a guide below which a window counts as flat. [variance of the scene]
FLAT = 0.1


@dataclass(frozen=True)
class GuidedFilter:
    """`radius` of its windows [pixels]; `mean` and `component` (p,) of each date bring it to a guide of variance 1."""

    radius: int
    means: tuple[Floats, Floats]
    components: tuple[Floats, Floats]

    @classmethod
    def of(cls, pixels: ScenePixels, radius: int) -> "GuidedFilter":
        """The filter of a scene: guides are the same in all its tiles."""
        bands, whole = pixels.bands, pixels.whole
        dates = (slice(0, bands), slice(bands, 2 * bands))
        first, second = (_first_component(whole.covariance[date, date]) for date in dates)
        return cls(radius, (whole.mean[dates[0]], whole.mean[dates[1]]), (first, second))

    @property
    def reach(self) -> int:
        return 2 * self.radius

    def __call__(self, values: Floats, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_]) -> Floats:
        """(H, W) smoothed under the guidance of both dates (H, W, p); what is not valid takes no part and becomes 0."""
        share = self._window_mean(valid.astype(np.float64))
        share = np.where(valid, share, 1)

        def mean(image: Floats) -> Floats:
            smooth: Floats = np.where(valid, self._window_mean(np.where(valid, image, 0)) / share, 0)
            return smooth

        one, two = self._guides(before, after, valid)
        mean_one, mean_two, mean_values = mean(one), mean(two), mean(values)
        var_one = mean(one * one) - mean_one**2 + FLAT
        var_two = mean(two * two) - mean_two**2 + FLAT
        both = mean(one * two) - mean_one * mean_two
        with_one = mean(one * values) - mean_one * mean_values
        with_two = mean(two * values) - mean_two * mean_values
        determinant = var_one * var_two - both**2  # at least FLAT^2
        by_one = (var_two * with_one - both * with_two) / determinant
        by_two = (var_one * with_two - both * with_one) / determinant
        rest = mean_values - by_one * mean_one - by_two * mean_two
        smooth: Floats = mean(by_one) * one + mean(by_two) * two + mean(rest)
        return np.where(valid, np.maximum(smooth, 0), 0)

    def _guides(self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        guides = [
            np.where(valid[..., np.newaxis], date - mean, 0) @ component
            for date, mean, component in zip((before, after), self.means, self.components, strict=True)
        ]
        return guides[0], guides[1]

    def _window_mean(self, image: Floats) -> Floats:
        """The sum of a window over its size, with 0 outside the image."""
        mean: Floats = uniform_filter(image, 2 * self.radius + 1, mode="constant")
        return mean


def _first_component(covariance: Floats) -> Floats:
    """(p,) that brings bands, each taken in its own deviation, to their first principal component, of variance 1."""
    deviation = np.sqrt(np.diag(covariance))
    variances, vectors = np.linalg.eigh(covariance / np.outer(deviation, deviation))
    component: Floats = vectors[:, -1] / deviation / np.sqrt(variances[-1])
    return component
