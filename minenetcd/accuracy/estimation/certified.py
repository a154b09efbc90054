"""The part of mapped change that can be relied on: from which probability on is less than a stated share of it wrong?

Zones of change are tested one after the other, the surest first, until one fails: is its error rate above the bound?
Each test is exact (binomial, one-sided, 5 %), and the order is fixed by the map before anybody has judged a point, so
that all zones that pass hold together with 95 % certainty, however many are tried. Sources: Maurer, Hothorn, Lehmacher,
"Multiple comparisons in drug clinical trials and preclinical assays: a-priori ordered hypotheses", in: Biometrie in der
chemisch-pharmazeutischen Industrie 6, 1995; as a way to choose a threshold: Angelopoulos, Bates, Candes, Jordan, Lei,
"Learn then test: calibrating predictive algorithms to achieve risk control", arXiv:2110.01052, 2021 (section 3.3).

Where change is one stratum, zones are its surest 5 %, 10 %, ... of pixels; they begin where about half again as many
points are to be expected as a zone without any error needs. Where change was divided by its probability, zones are the
strata, each tested by its own points: then the strata that pass together have no larger error rate than the bound.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import pandas as pd

from minenetcd.accuracy.estimation.exact import SURE, upper_bound
from minenetcd.accuracy.record import SampleRecord, Stratum
from minenetcd.accuracy.sampling.drawing import steps
from minenetcd.prediction.rasters.stored import STEPS

#: Of the mapped change, from one zone to the next.
ZONE_SHARE = 0.05
#: As many times the points that a zone without an error needs are expected in the first zone.
RESERVE = 1.5


@dataclass(frozen=True)
class Zone:
    """Change that is mapped with at least this `confidence`, or a stratum of it, and what its points say.

    `wrong` points are no change, or a person could not tell. `bound`: what the error rate lies below, with 95 %
    certainty. `hectares`: of all mapped change down to here.
    """

    confidence: float
    hectares: float
    points: int
    wrong: int

    @property
    def bound(self) -> float:
        return upper_bound(self.wrong, self.points) if self.points else 1.0


@dataclass(frozen=True)
class CertifiedZone:
    """The zones that were tested, in their order, and how many of them passed before the first that did not."""

    error_below: float
    tested: tuple[Zone, ...]
    passed: int
    by_strata: bool

    @property
    def last(self) -> Zone | None:
        """The widest zone that holds; None where the first did not."""
        return self.tested[self.passed - 1] if self.passed else None


def certify(record: SampleRecord, points: pd.DataFrame, error_below: float) -> CertifiedZone | None:
    """The zone of change in which less than `error_below` of the pixels are wrong; None where no confidence is known.

    `points`: those of change that were looked at, with `stratum`, `probability` and `wrong`.
    """
    change = [stratum for stratum in record.strata if stratum.map_class == record.change]
    if not record.confidence or not change:
        return None
    by_strata = len(change) > 1
    zones = _strata_zones(change, points) if by_strata else _nested_zones(record, change[0], points, error_below)
    tested: list[Zone] = []
    for zone in zones:
        tested.append(zone)
        if zone.bound > error_below:
            break
    passed = sum(1 for _ in takewhile(lambda zone: zone.bound <= error_below, tested))
    return CertifiedZone(error_below, tuple(tested), passed, by_strata)


def least_points(error_below: float) -> int:
    """So many points without an error show that less than that share is wrong."""
    return math.ceil(math.log(1 - SURE) / math.log(1 - error_below))


def _strata_zones(change: Sequence[Stratum], points: pd.DataFrame) -> Iterator[Zone]:
    """Strata of change, the surest first."""
    hectares = 0.0
    for stratum in sorted(change, key=lambda each: -(each.confidence or 0)):
        hectares += stratum.hectares
        own = points["wrong"][points["stratum"] == stratum.name]
        yield Zone(stratum.confidence or 0.0, hectares, len(own), int(own.sum()))


def _nested_zones(record: SampleRecord, change: Stratum, points: pd.DataFrame, error_below: float) -> Iterator[Zone]:
    """The surest part of change, then more of it, by the probabilities of the map alone."""
    pixels = np.array(record.confidence)
    at_least = np.cumsum(pixels[::-1])[::-1] / pixels.sum()  # share of change with so many of 254 parts, or more
    reached = steps(points["probability"].to_numpy())
    shares = np.arange(1, round(1 / ZONE_SHARE) + 1) * ZONE_SHARE
    lowest = dict.fromkeys(int(np.flatnonzero(at_least >= share - 1e-9)[-1]) for share in shares)
    for step in lowest:
        if change.points * at_least[step] < RESERVE * least_points(error_below) and at_least[step] < 1:
            continue
        inside = points["wrong"].to_numpy()[reached >= step]
        yield Zone(step / STEPS, float(at_least[step] * change.hectares), len(inside), int(inside.sum()))
