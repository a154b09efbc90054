"""Shares, accuracies and areas from a stratified random sample, with standard errors.

All of them are one thing: a ratio of two sums of indicators over the pixels of a map, estimated from a stratified
sample (Stehman, "Estimating area and map accuracy for stratified random sampling when the strata are different from the
map classes", International Journal of Remote Sensing 35, 2014). Where the strata are the classes of the map these are
equations 1 to 11 of Olofsson et al., "Good practices for estimating area and assessing accuracy of land change",
Remote Sensing of Environment 148, 2014, digit by digit: as there, and unlike in Stehman, the variance is not made
smaller for the share of a stratum that was looked at, unless that is all of it.

Shape letters: H strata, K classes; counts are (..., H, K, K): of the points of each stratum, by map (row) and
reference (column). Any number of samples may be estimated at once.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Of a normal distribution: 95 % lie within so many standard errors.
NORMAL_95 = 1.959963984540054

Numbers = NDArray[np.float64]


class Estimated(NamedTuple):
    """Values and their standard errors, of one shape; NaN where they are not defined."""

    value: Numbers
    standard_error: Numbers

    def interval(self, most: float = 1.0) -> tuple[Numbers, Numbers]:
        """Both ends of the 95 % interval, within 0 and `most`, which no share or area leaves."""
        half = NORMAL_95 * self.standard_error
        return np.clip(self.value - half, 0, most), np.clip(self.value + half, 0, most)

    def times(self, factor: float) -> "Estimated":
        return Estimated(factor * self.value, factor * self.standard_error)


@dataclass(frozen=True)
class StratifiedCounts:
    """Points by stratum, map class and reference class (..., H, K, K), and the share of the map each stratum is (H,).

    `is_whole` (H,): the points are all pixels of the stratum, which then adds nothing to a variance.
    """

    counts: NDArray[Any]
    weights: Numbers
    is_whole: NDArray[np.bool_]

    @classmethod
    def of(
        cls, counts: NDArray[Any], sizes: NDArray[Any], is_whole: NDArray[np.bool_] | None = None
    ) -> "StratifiedCounts":
        """`sizes` (H,): pixels or hectares of the strata."""
        whole = np.zeros(len(sizes), bool) if is_whole is None else is_whole
        return cls(np.asarray(counts), np.asarray(sizes, np.float64) / np.sum(sizes), whole)

    @property
    def points(self) -> NDArray[Any]:
        """(..., H)"""
        points: NDArray[Any] = self.counts.sum(axis=(-2, -1))
        return points

    def ratio(self, part: NDArray[Any], whole: NDArray[Any]) -> Estimated:
        """What share of the pixels in the cells `whole` (K, K) lies in the cells `part`, which are among them.

        Stehman 2014, equations 2, 3 and 25 to 28: (...,). NaN where the sample has none of `whole`.
        """
        points = self.points
        with np.errstate(divide="ignore", invalid="ignore"):
            total = self._sum(self._mean(whole, points))
            value = self._sum(self._mean(part, points)) / total
            residual = part - value[..., np.newaxis, np.newaxis] * whole  # (..., K, K)
            residual = residual[..., np.newaxis, :, :]
            mean, of_squares = self._mean(residual, points), self._mean(residual**2, points)
            variance = np.where(self.is_whole, 0, np.maximum(of_squares - mean**2, 0) / (points - 1))  # (..., H)
            standard_error = np.sqrt((self.weights**2 * variance).sum(-1)) / total
        return Estimated(np.asarray(value), np.asarray(standard_error))

    def proportions(self) -> Numbers:
        """The error matrix in shares of the map (..., K, K); they add up to 1."""
        within = self.counts / self.points[..., np.newaxis, np.newaxis]
        shares: Numbers = np.einsum("h,...hij->...ij", self.weights, within)
        return shares

    def overall_accuracy(self) -> Estimated:
        """Share of the map whose class is the reference's: Olofsson et al. 2014, equations 1 and 5."""
        return self.ratio(np.eye(self._classes), np.ones((self._classes, self._classes)))

    def users_accuracy(self) -> Estimated:
        """Of what the map calls each class, the share that is it: equations 2 and 6, (..., K)."""
        return self._by_class(lambda cell, row, column: (cell, row))

    def producers_accuracy(self) -> Estimated:
        """Of what is each class, the share that the map calls it: equations 3 and 7, (..., K)."""
        return self._by_class(lambda cell, row, column: (cell, column))

    def shares(self) -> Estimated:
        """The share of the map that is each class, whatever the map calls it: equations 9 and 10, (..., K)."""
        return self._by_class(lambda cell, row, column: (column, np.ones_like(cell)))

    def _by_class(self, cells: Any) -> Estimated:
        found = []
        for place in range(self._classes):
            row, column = np.zeros((2, self._classes, self._classes))
            row[place], column[:, place] = 1, 1
            found.append(self.ratio(*cells(row * column, row, column)))
        return Estimated(*(np.stack(each, axis=-1) for each in zip(*found, strict=True)))

    def _mean(self, cells: NDArray[Any], points: NDArray[Any]) -> Numbers:
        """Mean of `cells` over the points of each stratum (..., H)."""
        means: Numbers = (self.counts * cells).sum(axis=(-2, -1)) / points
        return means

    def _sum(self, means: Numbers) -> Numbers:
        total: Numbers = (self.weights * means).sum(-1)
        return total

    @property
    def _classes(self) -> int:
        return int(self.counts.shape[-1])
