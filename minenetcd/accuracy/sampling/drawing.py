"""Pixels drawn at random from each stratum, without the map in memory: it is read twice, strip by strip.

The first time the pixels of each stratum are counted. Then which of them are drawn is known by their number (the 5th,
the 812th, ...), and only the strips that hold some of these are read again.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from minenetcd.accuracy.sampling.strata import Stratification
from minenetcd.constants import Progress, no_progress
from minenetcd.prediction.rasters.scene_rasters import strips
from minenetcd.prediction.rasters.stored import STEPS


@dataclass(frozen=True)
class Counted:
    """Pixels of H strata in S strips (S, H), their hectares (H,), and those of change by mapped probability.

    `confidence` (255,): pixels of change whose probability is at least so many of 254 parts, and less than one more.
    """

    by_strip: NDArray[np.int64]
    hectares: NDArray[np.float64]
    confidence: NDArray[np.int64]

    @property
    def pixels(self) -> NDArray[np.int64]:
        """(H,)"""
        total: NDArray[np.int64] = self.by_strip.sum(axis=0)
        return total

    @property
    def all_pixels(self) -> int:
        """Of all strata."""
        return int(self.by_strip.sum())


def steps(probability: NDArray[np.floating]) -> NDArray[np.int64]:
    """In how many of 254 parts a probability reaches; those that are stored so are whole."""
    return np.clip(np.floor(np.asarray(probability, np.float64) * STEPS + 1e-3), 0, STEPS).astype(np.int64)


def count(strata: Stratification, progress: Progress = no_progress) -> Counted:
    """The first reading."""
    mapped = strata.mapped
    windows, number = [*strips(mapped.grid)], len(strata.parts)
    by_strip, hectares = np.zeros((len(windows), number), np.int64), np.zeros(number)
    confidence = np.zeros(STEPS + 1, np.int64)
    for at, window in enumerate(windows):
        found, part = strata.read(window), mapped.grid.part(window)
        by_strip[at] = np.bincount(found.strata.ravel() + 1, minlength=number + 1)[1:]
        for stratum in np.flatnonzero(by_strip[at]):
            hectares[stratum] += mapped.hectares(found.strata == stratum, part)
        if mapped.probability is not None:
            known = found.probability[found.classes == strata.change]
            confidence += np.bincount(steps(known[np.isfinite(known)]), minlength=STEPS + 1)
        progress(at + 1, 2 * len(windows))
    return Counted(by_strip, hectares, confidence)


def draw(
    strata: Stratification,
    counted: Counted,
    points: NDArray[np.int64],
    rng: np.random.Generator,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """The second reading: `points` (H,) pixels of each stratum, in an order that says nothing of it.

    Columns `row`, `col`, `stratum` (its place), `map_class` (number in the map) and `probability` (NaN: not known).
    The same for strips of any height.
    """
    chosen = [
        np.sort(rng.choice(pixels, size, replace=False)) for pixels, size in zip(counted.pixels, points, strict=True)
    ]
    before = np.cumsum(counted.by_strip, axis=0) - counted.by_strip
    windows, found = [*strips(strata.mapped.grid)], []
    for at, window in enumerate(windows):
        inside = [
            numbers[(numbers >= first) & (numbers < first + held)] - first
            for numbers, first, held in zip(chosen, before[at], counted.by_strip[at], strict=True)
        ]
        if any(map(len, inside)):
            labelled = strata.read(window)
            for stratum, numbers in enumerate(inside):
                if len(numbers):
                    places = np.flatnonzero(labelled.strata.ravel() == stratum)[numbers]
                    rows, cols = np.divmod(places, window.width)
                    found.append(
                        pd.DataFrame(
                            {
                                "row": rows + window.row_off,
                                "col": cols,
                                "stratum": stratum,
                                "map_class": strata.mapped.classes[strata.parts[stratum].place].code,
                                "probability": labelled.probability[rows, cols].astype(np.float64),
                            }
                        )
                    )
        progress(len(windows) + at + 1, 2 * len(windows))
    frame = pd.concat(found).sort_values(["stratum", "row", "col"], ignore_index=True)
    return frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
