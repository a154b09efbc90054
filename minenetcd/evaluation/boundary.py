"""How well outlines are met: boundary F-score with a tolerance.

Source: Csurka, Larlus, Perronnin, "What is a good evaluation measure for semantic segmentation?", BMVC 2013.
Departs from it: counts are pooled over all images before any ratio is taken.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt

from minenetcd.evaluation.counts import Counts, labelled_pixels


@dataclass(frozen=True)
class BoundaryCounts(Counts):
    """Pixels on the outlines of change, and how many of them have one of the other mask's within the tolerance."""

    predicted: int = 0
    predicted_met: int = 0
    true: int = 0
    true_met: int = 0

    @classmethod
    def count(cls, prediction: NDArray[np.integer], truth: NDArray[np.integer], *, tolerance: float = 2.0) -> Self:
        """Compare the outlines of two masks (H, W) of 0 unchanged, 1 changed, 255 ignored (in either of them).

        A changed pixel is on the outline where one of its four neighbours is unchanged; the edge of the image and
        ignored pixels make no outline. `tolerance` is a Euclidean distance [pixels].
        """
        known = labelled_pixels(prediction, truth)
        predicted, true = (_outline(mask == 1, known) for mask in (prediction, truth))
        return cls(
            predicted=int(predicted.sum()),
            predicted_met=int((predicted & _near(true, tolerance)).sum()),
            true=int(true.sum()),
            true_met=int((true & _near(predicted, tolerance)).sum()),
        )

    @property
    def precision(self) -> float | None:
        """Share of the predicted outline that lies on a true one; None without any."""
        return self.predicted_met / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Share of the true outline that a predicted one meets; None without any."""
        return self.true_met / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall: 0 where only one mask has an outline, None where neither has."""
        if not (self.predicted or self.true):
            return None
        precision, recall = self.precision or 0.0, self.recall or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _outline(changed: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    beside_unchanged: NDArray[np.bool_] = binary_dilation(~changed & known)
    return changed & known & beside_unchanged


def _near(outline: NDArray[np.bool_], tolerance: float) -> NDArray[np.bool_]:
    if not outline.any():
        return np.zeros_like(outline)
    distance: NDArray[np.float64] = distance_transform_edt(~outline)
    return distance <= tolerance
