"""The first round, of single pixels, and the regions that it leaves."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from minenetcd.labelling.segments.criterion import (
    BORDER,
    BOTTOM,
    LEFT,
    RIGHT,
    SIZE,
    TOP,
    Regions,
    Weights,
    mixed,
    place_of,
    shape_heterogeneity,
)
from minenetcd.labelling.segments.hierarchy import NONE


@njit(cache=True, nogil=True)
def best_pixels(
    levels: NDArray[np.float32],
    valid: NDArray[np.bool_],
    origin: tuple[int, int],
    weights: Weights,
    threshold: np.float32,
    best: NDArray[np.int32],
    first_row: int,
    last_row: int,
) -> None:
    """The neighbour, of four, with which a pixel goes best, as index into the flat image; NONE above `threshold`.

    levels (H, W, C), valid (H, W), best (H * W,), which is filled for rows `first_row` to `last_row`. `origin`: row
    and column of the first pixel on the grid.
    """
    height, width, bands = levels.shape
    shape = shape_heterogeneity(2.0, 6.0, 1, 2, weights) - 2 * shape_heterogeneity(1.0, 4.0, 1, 1, weights)
    for row in range(first_row, last_row):
        for column in range(width):
            pixel = row * width + column
            best[pixel] = NONE
            if not valid[row, column]:
                continue
            here, least, least_tie = place_of(row + origin[0], column + origin[1]), np.float32(np.inf), np.uint64(0)
            for side in range(4):
                near_row, near_column = row + (side == 3) - (side == 0), column + (side == 2) - (side == 1)
                if not (0 <= near_row < height and 0 <= near_column < width and valid[near_row, near_column]):
                    continue
                apart = 0.0
                for band in range(bands):
                    apart += abs(float(levels[row, column, band]) - float(levels[near_row, near_column, band]))
                cost = np.float32(weights.colour * apart / bands + shape)
                if cost >= threshold or cost > least:
                    continue
                tie = mixed(here + place_of(near_row + origin[0], near_column + origin[1]))
                if cost < least or tie < least_tie:
                    least, least_tie, best[pixel] = cost, tie, near_row * width + near_column


@njit(cache=True, nogil=True)
def number_pairs(valid: NDArray[np.bool_], best: NDArray[np.int32], labels: NDArray[np.int32]) -> int:
    """Number the regions of one or two pixels, in the order of their first ones, into labels (H * W,); their count."""
    count = 0
    for pixel in range(best.size):
        labels[pixel] = NONE
        if not valid[pixel]:
            continue
        other = best[pixel]
        if other != NONE and other < pixel and best[other] == pixel:
            labels[pixel] = labels[other]
        else:
            labels[pixel] = count
            count += 1
    return count


def first_regions(
    levels: NDArray[np.float32], labels: NDArray[np.int32], count: int, origin: tuple[int, int], weights: Weights
) -> Regions:
    """What is known of `count` regions of one or two pixels, numbered by labels (H * W,)."""
    regions = Regions(
        means=np.zeros((count, levels.shape[2]), np.float32),
        squares=np.zeros((count, levels.shape[2]), np.float32),
        counts=np.zeros((count, 6), np.int32),
        heterogeneity=np.zeros(count, np.float64),
        places=np.zeros(count, np.uint64),
    )
    _measure(levels, labels, origin, weights, regions)
    return regions


@njit(cache=True, nogil=True)
def _measure(
    levels: NDArray[np.float32],
    labels: NDArray[np.int32],
    origin: tuple[int, int],
    weights: Weights,
    regions: Regions,
) -> None:
    height, width, bands = levels.shape
    for row in range(height):
        for column in range(width):
            region = labels[row * width + column]
            if region == NONE:
                continue
            counts = regions.counts[region]
            colour = 0.0
            if counts[SIZE] == 0:
                regions.places[region] = place_of(row + origin[0], column + origin[1])
                counts[BORDER], counts[TOP], counts[LEFT] = 4, row, column
                for band in range(bands):
                    regions.means[region, band] = levels[row, column, band]
            else:
                counts[BORDER] = 6
                for band in range(bands):
                    first, second = float(regions.means[region, band]), float(levels[row, column, band])
                    regions.means[region, band] = (first + second) / 2
                    regions.squares[region, band] = (first - second) * (first - second) / 2
                    colour += abs(first - second)
            counts[SIZE] += 1
            counts[BOTTOM], counts[RIGHT] = max(counts[BOTTOM], row), max(counts[RIGHT], column)
            counts[LEFT] = min(counts[LEFT], column)
            tall, wide = counts[BOTTOM] - counts[TOP] + 1, counts[RIGHT] - counts[LEFT] + 1
            shape = shape_heterogeneity(float(counts[SIZE]), float(counts[BORDER]), tall, wide, weights)
            regions.heterogeneity[region] = weights.colour * colour / bands + shape
