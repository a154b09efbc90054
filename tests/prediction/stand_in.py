"""Detectors whose answers are known by arithmetic, in place of a network."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from minenetcd.constants import Provenance, TrainedOn

ARITHMETIC = Provenance(trained_on=TrainedOn("arithmetic"))


@dataclass(frozen=True)
class Sharpness:
    """As much of a detector's preprocessing as a prediction asks for."""

    metres_per_pixel: float | None = 10.0
    tile: int = 64


@dataclass
class Difference:
    """Probability of change = |after - before| of the first band, in units of each date's value range.

    Looks at every pixel by itself, so tiling cannot change what it says.
    """

    threshold: float = 0.5
    name: str = "difference"
    provenance: Provenance = ARITHMETIC
    preprocessing: Sharpness = Sharpness()
    asked: list[tuple[int, ...]] = field(default_factory=list)  # shapes of the batches seen
    ranged: int = 0  # how often a value range was asked for

    def for_inference(self, device: str = "auto", *, compile: bool = False) -> "Difference":
        return self

    def limits(self, image: NDArray, valid: NDArray[np.bool_]) -> tuple[float, float]:
        self.ranged += 1
        if image.dtype == np.uint8:
            return 0.0, 255.0
        return float(image[valid].min()), float(image[valid].max())

    def probabilities(
        self, before: NDArray, after: NDArray, valid: NDArray, *, limits: tuple[tuple[float, float], ...]
    ) -> NDArray[np.float32]:
        self.asked.append(valid.shape)
        units = [
            (np.where(valid, date[..., 0], low).astype(np.float32) - np.float32(low)) / np.float32(high - low)
            for date, (low, high) in zip((before, after), limits, strict=True)
        ]
        return np.abs(units[1] - units[0])


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
