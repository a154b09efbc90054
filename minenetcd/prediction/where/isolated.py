"""Change far from any known mine, which has to be surer than other change."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from minenetcd.display.words import counted, three_figures
from minenetcd.errors import OptionError
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.where.places import KnownPlaces

if TYPE_CHECKING:  # tiles need not wait for polygons
    from geopandas import GeoDataFrame


@dataclass(frozen=True)
class Isolated:
    """What lies farther than `metres` from any known mine: kept where it reaches `threshold`, else `dropped`."""

    metres: float
    threshold: float
    dropped: int

    @property
    def in_words(self) -> str:
        return (
            f"{counted(self.dropped, 'change')} farther than {three_figures(self.metres)} m from any known mine left "
            f"out, without a pixel of {self.threshold:.3g} or more"
        )


def isolated_threshold(options: PredictOptions, threshold: float) -> float:
    """What isolated change has to reach: as `options` say, else halfway from `threshold` to 1."""
    return (threshold + 1) / 2 if options.isolated_threshold is None else options.isolated_threshold


def check_higher_thresholds(options: PredictOptions, threshold: float, *, without: str = "leave it out") -> None:
    """OptionError where some change would have to reach less than all change does.

    `without`: how whoever asks goes on without the higher threshold, {option} in its place.
    """
    higher = {"Isolated change": ("--isolated-threshold", isolated_threshold(options, threshold))}
    if options.seed_threshold is not None:
        higher["The surest pixel of a change"] = "--seed-threshold", options.seed_threshold
    for what, (option, least) in higher.items():
        if least < threshold:
            raise OptionError(
                f"{what} needs a threshold of the usual {threshold:.3g} or more ({option}), got {least:g}: raise it, "
                f"or {without.format(option=option)}."
            )


def with_distances(
    polygons: "GeoDataFrame",
    highest: NDArray[np.float32],
    known: KnownPlaces,
    options: PredictOptions,
    threshold: float,
) -> tuple["GeoDataFrame", NDArray[np.bool_], Isolated | None]:
    """`polygons` with `distance_m` to the nearest known mine, which of them are dropped, and why.

    `highest`: the probability that some pixel of each reaches. As in a threshold with hysteresis, that pixel keeps all
    of what touches it. Without known mines nothing is dropped.
    """
    if known.known_mines is None:
        return polygons, np.zeros(len(polygons), dtype=bool), None
    metres = known.known_mines.metres_to(polygons.geometry)
    least = isolated_threshold(options, threshold)
    dropped = (metres > options.prior_distance) & (highest < np.float32(least))
    isolated = Isolated(options.prior_distance, least, int(dropped.sum()))
    return polygons.assign(distance_m=metres), dropped, isolated
