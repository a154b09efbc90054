"""Detectors whose answers are known by arithmetic, in place of a network."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from minenetcd.constants import Provenance, TrainedOn
from minenetcd.geo.align import Pair
from minenetcd.runtime.execution import AS_TRAINED, Execution

ARITHMETIC = Provenance(trained_on=TrainedOn("arithmetic"))


@dataclass
class Difference:
    """Probability of change = |after - before| of the first band, in units of each date's value range.

    Looks at every pixel by itself, so tiling cannot change what it says.
    """

    threshold: float = 0.5
    name: str = "difference"
    provenance: Provenance = ARITHMETIC
    bands: tuple[str, ...] = ("red", "green", "blue")
    metres_per_pixel: tuple[float, float] | None = (5.0, 20.0)
    feels_tone: bool = True
    tile: int = 64
    asked: list[tuple[int, ...]] = field(default_factory=list)  # shapes of the batches seen
    ranged: int = 0  # how often a value range was asked for

    def for_scene(
        self, sample: Sequence[Pair], device: str = "auto", *, execution: Execution = AS_TRAINED
    ) -> "DifferenceScene":
        self.ranged += 1
        dates = [
            [date[part.valid] for part in sample for date in (getattr(part, name),)] for name in ("before", "after")
        ]
        return DifferenceScene(self, tuple(map(value_range, map(np.concatenate, dates))))

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}

    def probabilities(
        self, before: NDArray, after: NDArray, valid: NDArray, *, limits: tuple[tuple[float, float], ...]
    ) -> NDArray[np.float32]:
        self.asked.append(valid.shape)
        units = [
            (np.where(valid, date[..., 0], low).astype(np.float32) - np.float32(low)) / np.float32(high - low)
            for date, (low, high) in zip((before, after), limits, strict=True)
        ]
        return np.abs(units[1] - units[0])


@dataclass
class DifferenceScene:
    """A `Difference` of one scene."""

    detector: Difference
    limits: tuple[tuple[float, float], ...]
    reach: int | None = None
    exact: None = None

    def scores(self, dates: Sequence[NDArray], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
        return self.detector.probabilities(*dates, valid, limits=self.limits)[:, np.newaxis]


def value_range(values: NDArray) -> tuple[float, float]:
    """0 to 255 for 8 bits, else from the least to the largest."""
    return (0.0, 255.0) if values.dtype == np.uint8 else (float(values.min()), float(values.max()))


class Blurred(Difference):
    """Looks at a neighbourhood, cut off at the rim of what it is shown, as a network does."""

    def probabilities(self, *dates: NDArray, **keywords: Any) -> NDArray[np.float32]:
        return uniform_filter(super().probabilities(*dates, **keywords), size=(1, 15, 15), mode="constant")


class Failing(Difference):
    """Breaks in the middle of a scene."""

    def probabilities(self, *dates: NDArray, **keywords: Any) -> NDArray[np.float32]:
        if self.asked:
            raise RuntimeError("out of memory, say")
        return super().probabilities(*dates, **keywords)


class NotANumber(Difference):
    """What half precision or damaged weights can do."""

    def probabilities(self, *dates: NDArray, **keywords: Any) -> NDArray[np.float32]:
        return super().probabilities(*dates, **keywords) * np.float32(np.nan)
