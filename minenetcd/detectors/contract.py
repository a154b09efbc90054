"""What a prediction asks of a detector, whether it was trained or not: NumPy in, NumPy out."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import Provenance
from minenetcd.geo.align import Pair
from minenetcd.runtime.execution import AS_TRAINED, Execution


class SceneDetector(Protocol):
    """A detector that has learned what it must know of one scene (value ranges, canonical variates, a threshold)."""

    @property
    def reach(self) -> int | None:
        """How far around a pixel its score may depend on others. [pixels]

        With a number, tiles read that far around give what the whole scene would, pixel by pixel. None: a score depends
        on all of its tile, so that tiles overlap and are blended.
        """

    @property
    def exact(self) -> "SceneDetector | None":
        """The same in float32, where this computes in less; None where it does not."""

    def scores(self, dates: Sequence[NDArray[Any]], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(N, K, H, W) from `dates` (before, after), each (N, H, W, C) in the file's numbers, and `valid` (N, H, W).

        K = 1: the score of change, 0 to 1, changed from the detector's threshold on. K > 1: a share for each class.
        What it says of invalid pixels means nothing.
        """


class Detector(Protocol):
    """What turns two dates into change."""

    @property
    def name(self) -> str:
        """What it is called in results."""

    @property
    def threshold(self) -> float:
        """From this score on a pixel is changed."""

    @property
    def provenance(self) -> Provenance:
        """Where it comes from, and what it was trained on."""

    @property
    def bands(self) -> tuple[str, ...] | None:
        """The bands it reads, in its order; None: all that both dates share, from one on."""

    @property
    def metres_per_pixel(self) -> tuple[float, float] | None:
        """The least and the largest pixel size it is good for; None: any, or not known. [m]"""

    @property
    def feels_tone(self) -> bool:
        """Whether a gain and an offset of a date's bands can show as change."""

    @property
    def tile(self) -> int:
        """The side of the tiles it reads. [pixels]"""

    def for_scene(
        self, sample: Sequence[Pair], device: str = "auto", *, execution: Execution = AS_TRAINED
    ) -> SceneDetector:
        """The detector of one scene, made ready on `device`; `execution` says what computes a network.

        `sample`: windows of the pair, each read when it is asked for (`minenetcd.geo.sample`). Raises RasterError where
        it has too few valid pixels.
        """

    def describe(self) -> dict[str, Any]:
        """Everything but weights, as plain values that JSON holds."""
