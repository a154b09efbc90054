"""How far the values of a date reach, but for hot and dead pixels and filling, which would spoil every measure.

A thousandth of 16-bit pixels at 65,535 makes a band's deviation ten times as large, and hides all change behind it.
What lies far beyond the rest is brought to a bound before anything is learned of a scene or said of a tile. Bounds are
so wide that most images hold nothing beyond: of 8 bits, none whose values fill a third of their scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.filling import LEAST_FILLING, is_empty
from minenetcd.geo.no_change.pixels import Floats, ScenePixels
from minenetcd.geo.sample import WindowSequence

#: The share of a band's values, at either end, that may be anything without moving its bounds.
RARE = 0.002
#: How far beyond the rest the bounds lie. [distance between its ends]
BEYOND = 2.0
#: They are found from so many pixels, drawn by a fixed rule, where there are more.
MOST_PIXELS = 2**18


@dataclass(frozen=True)
class Bounds:
    """The least and the largest value of each band (p,) of a date that count in full."""

    low: Floats
    high: Floats

    @classmethod
    def of(cls, pixels: NDArray[Any]) -> Self:
        """Of pixels (n, p), in numbers that their type has. A band that is one number but for rare ones has none."""
        if len(pixels) > MOST_PIXELS:
            pixels = pixels[np.random.default_rng(0).integers(0, len(pixels), MOST_PIXELS)]
        low, high = np.quantile(pixels.astype(np.float64), (RARE, 1 - RARE), axis=0)
        reach = np.where(high > low, BEYOND * (high - low), np.inf)
        low, high = low - reach, high + reach
        if np.issubdtype(pixels.dtype, np.integer):
            return cls(np.floor(low), np.ceil(high))
        return cls(*(end.astype(pixels.dtype).astype(np.float64) for end in (low, high)))

    def hold(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Pixels (..., p), what lies beyond the bounds brought to them, in the type they have."""
        low, high = self.low, self.high
        if np.issubdtype(pixels.dtype, np.integer):
            ends = np.iinfo(pixels.dtype)
            low, high = (bound.clip(ends.min, ends.max) for bound in (low, high))
        held: NDArray[Any] = np.clip(pixels, low.astype(pixels.dtype), high.astype(pixels.dtype))
        return held

    def contain(self, pixels: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the pixels (..., p) lie within in all bands; those that were brought to a bound do not."""
        within: NDArray[np.bool_] = np.all((pixels > self.low) & (pixels < self.high), axis=-1)
        return within


class PairBounds(NamedTuple):
    """The bounds of both dates of a scene, and whether pixels that are 0 in all bands of both are filling around it.

    Filling is one colour that never changes: it takes no part, as if it were not valid.
    """

    before: Bounds
    after: Bounds
    has_filling: bool

    @classmethod
    def of(cls, pixels: ScenePixels) -> Self:
        empty = is_empty(pixels.before, pixels.after)
        has_filling = bool(LEAST_FILLING < empty.mean() < 1)
        known = ~empty if has_filling else np.ones(len(empty), bool)
        return cls(Bounds.of(pixels.before[known]), Bounds.of(pixels.after[known]), has_filling)

    def hold_pixels(self, pixels: ScenePixels) -> ScenePixels:
        """RasterError where too few are left."""
        known = self._known(pixels.before, pixels.after, np.ones(len(pixels), bool))
        return ScenePixels(self.before.hold(pixels.before[known]), self.after.hold(pixels.after[known]))

    def hold(
        self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
        """Dates (..., p) within bounds, and which of the valid pixels (...) are none of the filling."""
        return self.before.hold(before), self.after.hold(after), self._known(before, after, valid)

    def contain(self, before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.bool_]:
        """Which pixels (..., p) of both dates lie within on both."""
        return self.before.contain(before) & self.after.contain(after)

    def _known(self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return valid & ~is_empty(before, after) if self.has_filling else valid


class HeldSample(WindowSequence):
    """Windows of a scene within `bounds`."""

    def __init__(self, sample: Sequence[Pair], bounds: PairBounds) -> None:
        self._sample, self._bounds = sample, bounds

    def __len__(self) -> int:
        return len(self._sample)

    def read(self, number: int) -> Pair:
        pair = self._sample[number]
        return Pair(*self._bounds.hold(pair.before, pair.after, pair.valid), pair.grid)
