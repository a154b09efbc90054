"""Two segmentations compared."""

import numpy as np
from numpy.typing import NDArray


def same_share(first: NDArray[np.int32], second: NDArray[np.int32]) -> float:
    """The share of pixels whose segments are the same sets of pixels in both."""
    pairs, sizes = np.unique(np.stack([first.ravel(), second.ravel()]), axis=1, return_counts=True)
    same = (np.bincount(first.ravel())[pairs[0]] == sizes) & (np.bincount(second.ravel())[pairs[1]] == sizes)
    return float(sizes[same].sum() / first.size)
