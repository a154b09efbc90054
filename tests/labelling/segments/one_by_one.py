"""Multiresolution segmentation as it is defined, region by region, in sets of pixels: slow, for small images."""

import math

import numpy as np
from numpy.typing import NDArray

Region = frozenset[tuple[int, int]]


def heterogeneity(region: Region, levels: NDArray[np.float32], shape: float, compactness: float) -> float:
    """That of Baatz and Schaepe (2000), bands weighted alike."""
    pixels = np.array([levels[place] for place in region], np.float64)
    size = len(region)
    colour = size * pixels.std(axis=0).mean()
    border = sum((row + down, col + right) not in region for row, col in region for down, right in SIDES)
    rows, cols = zip(*region, strict=True)
    box = 2 * (max(rows) - min(rows) + 1 + max(cols) - min(cols) + 1)
    shapes = compactness * size * border / math.sqrt(size) + (1 - compactness) * size * border / box
    return (1 - shape) * colour + shape * shapes


def segments(
    levels: NDArray[np.float32], valid: NDArray[np.bool_], scale: float, shape: float, compactness: float
) -> set[Region]:
    """All mutually best pairs merge in each round, until none costs less than the square of the scale."""
    regions = {frozenset([(int(row), int(col))]) for row, col in np.argwhere(valid)}
    while True:
        owner = {place: region for region in regions for place in region}
        own = {region: heterogeneity(region, levels, shape, compactness) for region in regions}
        best = {}
        for region in regions:
            near = {owner.get((row + down, col + right)) for row, col in region for down, right in SIDES}
            cost = {
                other: heterogeneity(region | other, levels, shape, compactness) - own[region] - own[other]
                for other in near - {None, region}
            }
            if cost:
                other = min(cost, key=cost.__getitem__)
                if cost[other] < scale**2:
                    best[region] = other
        merging = {frozenset([region, other]) for region, other in best.items() if best.get(other) == region}
        if not merging:
            return regions
        for one, other in map(tuple, merging):
            regions -= {one, other}
            regions.add(one | other)


SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))
