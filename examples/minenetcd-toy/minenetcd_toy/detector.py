"""A detector without training: Kruse et al., "The spectral image processing system (SIPS)", RSE 1993."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minenetcd.classical.detector import ClassicalDetector, Paper
from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.pixels import Floats, ScenePixels


class Angle:
    """The angle between the spectra of both dates, which what makes a date brighter leaves as it is. [radians]"""

    reach = 0  # pixels around one that its value depends on

    def __call__(self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_]) -> Floats:
        """Dates (H, W, C), where both are `valid` (H, W) -> (H, W), 0 elsewhere."""
        one, other = before[valid].astype(np.float64), after[valid].astype(np.float64)
        lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        cosine = np.divide((one * other).sum(axis=1), lengths, out=np.ones(len(one)), where=lengths > 0)
        angle = np.zeros(valid.shape)
        angle[valid] = np.arccos(cosine.clip(-1, 1))
        return angle


@dataclass(frozen=True, kw_only=True)
class SpectralAngle(ClassicalDetector):
    """Fields of a dataclass are its options; threshold rules and smoothing come with the class it extends."""

    name: ClassVar[str] = "spectral-angle"
    measures: ClassVar[str] = "the angle between the spectra of both dates"
    paper: ClassVar[Paper] = Paper(
        "The spectral image processing system (SIPS)", "Kruse et al.", "RSE", 1993, "10.1016/0034-4257(93)90013-N"
    )

    def learn(self, pixels: ScenePixels, sample: Sequence[Pair]) -> Angle:
        return Angle()  # others learn it from `pixels`, or from the windows of `sample`
