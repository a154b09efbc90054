"""Everything that an estimate says of a map, for those who show or write it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minenetcd.accuracy.estimation.certified import CertifiedZone
from minenetcd.accuracy.estimation.estimators import NORMAL_95
from minenetcd.accuracy.estimation.exact import ExactInterval


class Measured(NamedTuple):
    """A value with its standard error and 95 % interval; None where it is not defined."""

    value: float | None
    standard_error: float | None
    low: float | None
    high: float | None

    @property
    def margin(self) -> float | None:
        """Half the interval, as if nothing bounded it."""
        return None if self.standard_error is None else NORMAL_95 * self.standard_error


@dataclass(frozen=True)
class ClassEstimate:
    """A class: hectares that the map gives it, those it has, and its accuracies.

    `users_exact`: the exact interval, where the points of the map's class are a simple random sample of it.
    """

    name: str
    mapped_hectares: float
    hectares: Measured
    users: Measured
    producers: Measured
    users_exact: ExactInterval | None


@dataclass(frozen=True)
class JudgedStratum:
    """A stratum: points that were drawn, that were judged, and at which a person could not tell."""

    name: str
    hectares: float
    points: int
    judged: int
    unsure: int = 0


@dataclass(frozen=True)
class AccuracyEstimate:
    """Accuracies and areas of a map. `matrix`: judged points by map (row) and reference (column).

    `proportions`: the same in shares of the map. `if_unsure`: hectares of every class if all points at which a person
    could not tell were of the class named; empty where there were none. `change`: the place of change among `classes`.
    """

    classes: tuple[ClassEstimate, ...]
    matrix: NDArray[np.int64]
    proportions: NDArray[np.float64]
    overall: Measured
    strata: tuple[JudgedStratum, ...]
    change: int | None = None
    if_unsure: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    certified: CertifiedZone | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.classes]

    @property
    def judged(self) -> int:
        return sum(stratum.judged for stratum in self.strata)

    @property
    def unsure(self) -> int:
        return sum(stratum.unsure for stratum in self.strata)

    @property
    def hectares(self) -> float:
        return sum(stratum.hectares for stratum in self.strata)
