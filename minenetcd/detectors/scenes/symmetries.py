"""A scene looked at in all eight symmetries of a square: what a network says of ground does not hang on where north is.

Source: the self-ensemble of Lim et al., "Enhanced deep residual networks for single image super-resolution", CVPR
workshops 2017, section 3.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.detectors.contract import SceneDetector

COUNT = 8


@dataclass(frozen=True)
class InSymmetries:
    """`scene`, each of whose scores is the mean over flips and quarter turns of a tile: eight times the work."""

    scene: SceneDetector

    @property
    def reach(self) -> int | None:
        return self.scene.reach

    @property
    def exact(self) -> "InSymmetries | None":
        return None if self.scene.exact is None else InSymmetries(self.scene.exact)

    def scores(self, dates: Sequence[NDArray[Any]], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(N, K, H, W), see `SceneDetector`."""
        found = [
            _back(self.scene.scores([_turned(date, number) for date in dates], _turned(valid, number)), number)
            for number in range(COUNT)
        ]
        mean: NDArray[np.float32] = np.mean(found, axis=0, dtype=np.float32)
        return mean


def _turned(pixels: NDArray[Any], number: int) -> NDArray[Any]:
    """(N, H, W, ...) by quarter turns, the second half of them flipped before."""
    flipped = pixels[:, :, ::-1] if number >= COUNT // 2 else pixels
    return np.ascontiguousarray(np.rot90(flipped, number, axes=(1, 2)))


def _back(scores: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    """(N, K, H, W), as they were before `_turned`."""
    straight = np.rot90(scores, -number, axes=(2, 3))
    return straight[..., ::-1] if number >= COUNT // 2 else straight
