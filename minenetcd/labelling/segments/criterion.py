"""The heterogeneity of regions, and what merging two of them adds to it (Baatz and Schaepe 2000)."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Places of what is counted of a region: pixels, border [pixel sides], and its box: first and last row and column.
SIZE, BORDER, TOP, LEFT, BOTTOM, RIGHT = range(6)


class Regions(NamedTuple):
    """What is known of N regions of C bands.

    `means`, `squares` (N, C): mean of the pixels, and sum of the squares of their distances from it. `counts` (N, 6).
    `heterogeneity` (N,). `places` (N,): numbers made of where on the grid a region begins, which settle ties.
    """

    means: NDArray[np.float32]
    squares: NDArray[np.float32]
    counts: NDArray[np.int32]
    heterogeneity: NDArray[np.float64]
    places: NDArray[np.uint64]


def kept(regions: Regions, alive: NDArray[np.intp]) -> Regions:
    """Those of `alive` alone."""
    return Regions(
        regions.means[alive],
        regions.squares[alive],
        regions.counts[alive],
        regions.heterogeneity[alive],
        regions.places[alive],
    )


class Weights(NamedTuple):
    """The shares of colour, compactness and smoothness in the heterogeneity, which are 1 together."""

    colour: float
    compactness: float
    smoothness: float


@njit(cache=True, nogil=True, inline="always")
def shape_heterogeneity(size: float, border: float, height: int, width: int, weights: Weights) -> float:
    """That of a region of `size` pixels in a box of `height` x `width`, by its weights."""
    compactness = sqrt(size) * border
    smoothness = size * border / (2.0 * (height + width))
    return weights.compactness * compactness + weights.smoothness * smoothness


@njit(cache=True, nogil=True)
def merged_heterogeneity(regions: Regions, one: int, other: int, shared: int, weights: Weights) -> float:
    """That of the region which `one` and `other`, with `shared` pixel sides between them, would be; symmetric."""
    first, second = regions.counts[one], regions.counts[other]
    size_one, size_other = float(first[SIZE]), float(second[SIZE])
    size, product = size_one + size_other, size_one * size_other
    bands = regions.means.shape[1]
    colour = 0.0
    for band in range(bands):
        apart = float(regions.means[one, band]) - float(regions.means[other, band])
        inner = float(regions.squares[one, band]) + float(regions.squares[other, band])
        colour += sqrt(size * inner + apart * apart * product)
    height = max(first[BOTTOM], second[BOTTOM]) - min(first[TOP], second[TOP]) + 1
    width = max(first[RIGHT], second[RIGHT]) - min(first[LEFT], second[LEFT]) + 1
    border = first[BORDER] + second[BORDER] - 2 * shared
    shape: float = shape_heterogeneity(size, float(border), height, width, weights)
    return float(weights.colour * colour / bands + shape)


@njit(cache=True, nogil=True)
def added_heterogeneity(regions: Regions, one: int, other: int, shared: int, weights: Weights) -> np.float32:
    """What merging two regions adds: the cost of merging them."""
    before = regions.heterogeneity[one] + regions.heterogeneity[other]
    return np.float32(merged_heterogeneity(regions, one, other, shared, weights) - before)


@njit(cache=True, nogil=True)
def merge_into(regions: Regions, one: int, other: int, shared: int, weights: Weights) -> None:
    """Make `one` the region of both."""
    heterogeneity = merged_heterogeneity(regions, one, other, shared, weights)
    first, second = regions.counts[one], regions.counts[other]
    size_one, size_other = float(first[SIZE]), float(second[SIZE])
    size = size_one + size_other
    for band in range(regions.means.shape[1]):
        mean_one, mean_other = float(regions.means[one, band]), float(regions.means[other, band])
        apart = mean_one - mean_other
        inner = float(regions.squares[one, band]) + float(regions.squares[other, band])
        regions.means[one, band] = (mean_one * size_one + mean_other * size_other) / size
        regions.squares[one, band] = inner + apart * apart * size_one * size_other / size
    first[SIZE] += second[SIZE]
    first[BORDER] += second[BORDER] - 2 * shared
    first[TOP], first[LEFT] = min(first[TOP], second[TOP]), min(first[LEFT], second[LEFT])
    first[BOTTOM], first[RIGHT] = max(first[BOTTOM], second[BOTTOM]), max(first[RIGHT], second[RIGHT])
    regions.heterogeneity[one] = heterogeneity


@njit(cache=True, nogil=True, inline="always")
def mixed(number: np.uint64) -> np.uint64:
    """A number of 64 bits in which each bit of `number` shows everywhere (the finaliser of SplitMix64)."""
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


@njit(cache=True, nogil=True, inline="always")
def place_of(row: int, column: int) -> np.uint64:
    """The number of a pixel by its row and column on the grid, whatever window of it is segmented."""
    return mixed((np.uint64(row) << np.uint64(32)) ^ (np.uint64(column) & np.uint64(0xFFFFFFFF)))


@njit(cache=True, nogil=True, inline="always")
def is_preferred(places: NDArray[np.uint64], one: int, other: int, rival: int) -> bool:
    """Whether `one` goes rather with `other` than with `rival`, where both cost the same; all sides see it alike."""
    first = mixed(places[one] + places[other])
    second = mixed(places[one] + places[rival])
    return bool(first < second or (first == second and other < rival))
