"""A detector without training, to hold trained ones against: change vector magnitude, split by Otsu's threshold.

Sources: Malila, "Change vector analysis", 1980; Otsu, "A threshold selection method from gray-level
histograms", IEEE Trans. SMC 1979.
"""

import numpy as np
from numpy.typing import NDArray


def change_vector_magnitude(
    before: NDArray[np.number], after: NDArray[np.number], *, standardise: bool = False
) -> NDArray[np.float32]:
    """Length of the difference of two images (H, W, C) per pixel (H, W), in the images' own units.

    `standardise` first brings every band of each date to zero mean and unit variance, which takes out
    differences of tone between the dates.
    """
    dates = [date.astype(np.float32) for date in (before, after)]
    if standardise:
        dates = [(date - date.mean((0, 1))) / (date.std((0, 1)) + 1e-6) for date in dates]
    length: NDArray[np.float32] = np.linalg.norm(dates[1] - dates[0], axis=-1)
    return length


def otsu_threshold(values: NDArray[np.floating], *, bins: int = 256) -> float:
    """The split of `values` with the largest variance between its two classes."""
    counts, edges = np.histogram(values, bins)
    centres = (edges[:-1] + edges[1:]) / 2
    below, above = counts.cumsum()[:-1], counts[::-1].cumsum()[::-1][1:]
    mean_below = (counts * centres).cumsum()[:-1] / np.maximum(below, 1)
    mean_above = (counts * centres)[::-1].cumsum()[::-1][1:] / np.maximum(above, 1)
    return float(edges[1 + np.argmax(below * above * (mean_above - mean_below) ** 2)])


def baseline_mask(
    before: NDArray[np.number], after: NDArray[np.number], *, standardise: bool = False
) -> NDArray[np.uint8]:
    """0 unchanged, 1 changed (H, W) from two images (H, W, C)."""
    magnitude = change_vector_magnitude(before, after, standardise=standardise)
    return (magnitude >= otsu_threshold(magnitude)).astype(np.uint8)
