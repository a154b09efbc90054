"""A detector without training that has learned a scene: a statistic, its threshold, and the score made of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from minenetcd.classical.bounds import PairBounds
from minenetcd.classical.guard import Guard
from minenetcd.classical.guided_filter import GuidedFilter
from minenetcd.geo.no_change.pixels import Floats

_BELOW_HALF = np.nextafter(np.float32(0.5), np.float32(0))


class Statistic(Protocol):
    """How much a pixel changed, by a measure of its own from 0 on."""

    @property
    def reach(self) -> int:
        """How far around a pixel it looks. [pixels]"""

    def __call__(self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_]) -> Floats:
        """(H, W, p) twice, valid (H, W) -> (H, W)."""


@dataclass(frozen=True)
class ClassicalScene:
    """What was learned of one scene: a statistic, how it is smoothed, from where on it is change, and what else asks.

    `cut`, or that of the guard, is infinite where nothing changed. `bounds`: of the pixels that it was learned of.
    """

    statistic: Statistic
    smoothing: GuidedFilter | None = None
    cut: float = np.inf
    guard: Guard | None = None
    bounds: PairBounds | None = None

    @property
    def reach(self) -> int:
        return self.statistic.reach + (0 if self.smoothing is None else self.smoothing.reach)

    @property
    def exact(self) -> None:
        """It computes in double precision."""

    def scores(self, dates: Sequence[NDArray[Any]], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(N, 1, H, W), from 0 to 1 and rising with the statistic x: x / (x + cut), which is 0.5 at the cut.

        With a guard, the least of that and the same of the guard's statistic.
        """
        tiles = zip(*dates, valid, strict=True)
        return np.stack([self._score(*tile) for tile in tiles])[:, np.newaxis]

    def knows(self, before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.bool_]:
        """Which pixels (..., p) twice hold their own numbers, and were not brought to a bound."""
        return np.ones(before.shape[:-1], bool) if self.bounds is None else self.bounds.contain(before, after)

    def measure(
        self,
        before: NDArray[Any],
        after: NDArray[Any],
        valid: NDArray[np.bool_],
        statistic: Statistic | None = None,
    ) -> Floats:
        """The statistic, or another one, smoothed where that is asked for: (H, W, p) twice, valid (H, W) -> (H, W)."""
        values = (statistic or self.statistic)(before, after, valid)
        return values if self.smoothing is None else self.smoothing(values, before, after, valid)

    def _score(self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
        if self.bounds is not None:
            before, after, valid = self.bounds.hold(before, after, valid)
        own = score(self.measure(before, after, valid), self.cut)
        if self.guard is None:
            return own
        return np.minimum(own, score(self.measure(before, after, valid, self.guard.statistic), self.guard.cut))


def score(values: Floats, cut: float) -> NDArray[np.float32]:
    """Values from 0 on -> 0 to 1, at least 0.5 just where they are at least `cut`, in single precision too."""
    if np.isinf(cut):
        return np.zeros(values.shape, np.float32)
    values = np.maximum(values, 0)
    share = (values / (values + cut)).astype(np.float32)
    return np.where(values >= cut, np.maximum(share, np.float32(0.5)), np.minimum(share, _BELOW_HALF))
