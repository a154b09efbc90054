"""What the groups of pixels of a scene say of the polygons that are made of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.prediction.rasters.one_pass import StripGroups
from minenetcd.prediction.rasters.outline import SIDES, UNSEEN
from minenetcd.prediction.rasters.stored import STEPS

#: A tenth of a polygon's pixels has no higher probability than its `confidence_p10`.
LOW = 0.1


class PolygonSums:
    """Sums over the groups of each of `count` polygons; `polygon`: position of the one that each group lies in."""

    def __init__(self, polygon: NDArray[np.intp], count: int) -> None:
        self.polygon, self.count = polygon, count

    def measures(self, groups: list[StripGroups]) -> dict[str, NDArray[Any]]:
        """Columns of the polygons.

        `confidence_mean` and `confidence_p10`: mean and 10th percentile of the probability of their pixels.
        `valid_fraction`: the share of their outline beyond which there is data; `touches_nodata`: whether that is not
        all of it.
        """
        pixels = self.of([strip.pixels for strip in groups])
        sides, unseen = (self.of([strip.outline[:, column] for strip in groups]) for column in (SIDES, UNSEEN))
        return {
            "confidence_mean": self.of([strip.probability for strip in groups]) / np.maximum(pixels, 1),
            "confidence_p10": self._low(groups, pixels),
            "valid_fraction": 1 - unseen / np.maximum(sides, 1),
            "touches_nodata": unseen > 0,
        }

    def of(self, each_strip: list[NDArray[Any]]) -> NDArray[np.float64]:
        return np.bincount(self.polygon, _joined(each_strip), self.count).astype(np.float64)

    def highest(self, each_strip: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        found = np.zeros(self.count, dtype=np.float32)
        np.maximum.at(found, self.polygon, _joined(each_strip))
        return found

    def _low(self, groups: list[StripGroups], pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """The least step of probability that a tenth of the pixels of a polygon has, or less than that."""
        firsts = np.cumsum([0, *(len(strip.pixels) for strip in groups)])
        steps = np.concatenate([np.zeros((3, 0), dtype=np.int64), *(strip.steps for strip in groups)], axis=1)
        counted = [strip.steps.shape[1] for strip in groups]
        polygon = self.polygon[steps[0] + np.repeat(firsts[:-1], counted).astype(np.int64)]
        order = np.lexsort((steps[1], polygon))
        polygon, step, count = polygon[order], steps[1][order], steps[2][order]
        before = np.concatenate([[0.0], np.cumsum(pixels)])[polygon]  # pixels of the polygons before
        reached = np.cumsum(count) - before >= LOW * pixels[polygon]
        found = np.zeros(self.count)
        found[polygon[reached][::-1]] = step[reached][::-1] / STEPS  # the first of each is written last
        return found


def _joined(each_strip: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=np.float32), *each_strip])
