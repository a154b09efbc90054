"""The valid pixels of both dates of a scene, gone through piece by piece: float64 only as long as it is needed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.errors import FlatBandError, RasterError
from minenetcd.geo.align import Pair

Floats = NDArray[np.float64]

#: More pixels than these say nothing new of means, covariances and a threshold; beyond, every k-th is kept.
MOST_PIXELS = 2**22
#: Statistics of p bands need so many pixels times p, and weights such a sum.
PIXELS_PER_BAND = 10
#: Dates that differ less than this in every pixel are equal but for rounding. [deviations of the band]
NEARLY_EQUAL = 0.01
_CHUNK = 2**16
#: Below this part of a band's variance, what is left is one colour over and over, whose covariance is rounding alone.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class Moments:
    """Of both dates' bands side by side, under weights: `mean` (2 p,), `covariance` (2 p, 2 p), the sum of weights."""

    weight: float
    mean: Floats
    covariance: Floats

    @property
    def deviation(self) -> Floats:
        """(2 p,)"""
        return np.sqrt(np.diag(self.covariance))

    def is_sound(self, whole: "Moments") -> bool:
        """Whether there is weight enough, and in every band a variance beyond what rounding makes of the `whole`'s."""
        enough = self.weight >= PIXELS_PER_BAND * len(self.mean) / 2
        return enough and bool((np.diag(self.covariance) > _ROUNDING * np.diag(whole.covariance)).all())


class Thinned:
    """Rows (n, ...) collected in arrays of their own type, of which every k-th is kept once they are too many."""

    def __init__(self, most: int = MOST_PIXELS) -> None:
        self.most, self.step, self.parts = most, 1, list[tuple[NDArray[Any], ...]]()

    def add(self, *rows: NDArray[Any]) -> None:
        """Arrays of one length, which belong together row by row."""
        self.parts.append(tuple(each[:: self.step] for each in rows))
        while sum(len(part[0]) for part in self.parts) > self.most:
            self.step *= 2
            self.parts = [tuple(each[::2].copy() for each in part) for part in self.parts]

    def joined(self) -> tuple[NDArray[Any], ...]:
        return tuple(np.concatenate(column) for column in zip(*self.parts, strict=True))


class ScenePixels:
    """Valid pixels (n, p) of both dates, in their own types, at most MOST_PIXELS of them."""

    def __init__(self, before: NDArray[Any], after: NDArray[Any]) -> None:
        """RasterError for too few pixels, FlatBandError for a band that is one number everywhere."""
        if before.shape != after.shape:
            raise RasterError(
                f"Both dates need the same bands, got {before.shape[-1]} and {after.shape[-1]}: choose shared ones."
            )
        # band by band in memory, as everything goes over one band of many pixels
        self.before, self.after = (np.ascontiguousarray(date.T).T for date in (before, after))
        self.bands = before.shape[-1]
        if len(before) < PIXELS_PER_BAND * self.bands:
            raise RasterError(
                f"Statistics of {self.bands} bands need {PIXELS_PER_BAND * self.bands} pixels valid on both dates, got "
                f"{len(before)}: give larger images, or fewer bands."
            )
        self._check_variance()

    @classmethod
    def of(cls, sample: Sequence[Pair]) -> "ScenePixels":
        """Of the windows of a scene, each read once."""
        rows = Thinned()
        for pair in sample:
            rows.add(pair.before[pair.valid], pair.after[pair.valid])
        if not rows.parts:
            raise RasterError("Pixels valid on both dates are needed, got none: give images that overlap.")
        return cls(*rows.joined())

    def __len__(self) -> int:
        return len(self.before)

    def chunks(self) -> Iterator[tuple[Floats, Floats]]:
        """Both dates piece by piece, float64, band by band in memory; not to be changed."""
        for start in range(0, len(self), _CHUNK):
            part = slice(start, start + _CHUNK)
            before, after = (date[part].astype(np.float64, order="K", copy=False) for date in (self.before, self.after))
            yield before, after

    def moments(self, weigh: Callable[[Floats, Floats], Floats] | None = None) -> Moments:
        """Weighted mean and covariance; `weigh` gives the weights (n,) of pixels of both dates, by default 1.

        The covariance is that of the weighted mean times n / (n - 1).
        """
        origin, bands = self._origin, 2 * self.bands
        weight, total, products = 0.0, np.zeros(bands), np.zeros((bands, bands))
        for before, after in self.chunks():
            centred = np.concatenate([before.T, after.T])
            centred -= origin[:, np.newaxis]  # about their middle, so that squares lose no digits
            weights = np.ones(len(before)) if weigh is None else weigh(before, after)
            weighted = centred if weigh is None else centred * weights
            weight += float(weights.sum())
            total += weighted.sum(axis=1)
            products += weighted @ centred.T
        if weight == 0:
            return Moments(0.0, origin, np.full((bands, bands), np.nan))
        mean = total / weight
        covariance = (products / weight - np.outer(mean, mean)) * (len(self) / (len(self) - 1))
        return Moments(weight, origin + mean, covariance)

    @cached_property
    def whole(self) -> Moments:
        """Of all pixels alike."""
        return self.moments()

    @cached_property
    def are_nearly_equal(self) -> bool:
        """Whether the dates, each band brought to mean 0 and deviation 1, differ nowhere by more than rounding does.

        That is by two steps of whole numbers, or NEARLY_EQUAL.
        """
        mean, deviation = self.whole.mean, self.whole.deviation
        steps = [2.0 if np.issubdtype(date.dtype, np.integer) else 0.0 for date in (self.before, self.after)]
        rounding = np.repeat(steps, self.bands) / deviation
        allowed = np.maximum(rounding.reshape(2, -1).max(axis=0), NEARLY_EQUAL)
        for before, after in self.chunks():
            first, second = np.split((np.hstack([before, after]) - mean) / deviation, 2, axis=1)
            if (np.abs(second - first) > allowed).any():
                return False
        return True

    @cached_property
    def _origin(self) -> Floats:
        parts = [np.hstack([part.sum(axis=0) for part in chunk]) for chunk in self.chunks()]
        middle: Floats = np.sum(parts, axis=0) / len(self)
        return middle

    def _check_variance(self) -> None:
        dates = {"before": self.before, "after": self.after}
        flat = {date: values.min(axis=0) == values.max(axis=0) for date, values in dates.items()}
        for date, values in dates.items():
            if flat[date].any():
                own, of_both = (np.flatnonzero(each).tolist() for each in (flat[date], flat["before"] | flat["after"]))
                numbers = range(1, self.bands + 1)
                value = values[0, own[0]]
                raise FlatBandError(date, value, [*own, *(set(of_both) - set(own))], numbers, numbers)
