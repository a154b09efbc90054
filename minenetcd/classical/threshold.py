"""Where the values of unchanged pixels end and those of changed ones begin, from the values alone."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from minenetcd.geo.no_change.pixels import Floats

BINS = 256


def _is_one_number(values: Floats) -> bool:
    """Whether all are one number but for rounding, so that no bins fit between them."""
    least, largest = float(values.min()), float(values.max())
    return bool(largest - least <= max(1e-9 * max(abs(least), abs(largest)), 1e-300))


def otsu(values: Floats, parts: Iterable[Floats] = ()) -> float:
    """The split of `values` (n,) with the largest variance between its two classes; infinite where all are one number.

    Source: Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 1979. Of 256 bins between
    the least and the largest value, the upper edge of the last one below it. It splits what is one heap as well. Where
    values are too many to be held they come in `parts`; `values` are then the least and the largest.
    """
    if _is_one_number(values):
        return float("inf")
    ends = float(values.min()), float(values.max())
    counts, edges = np.histogram((), BINS, ends)
    for part in parts or (values,):
        counts += np.histogram(part, BINS, ends)[0]
    centres = (edges[:-1] + edges[1:]) / 2
    below, above = counts.cumsum()[:-1], counts[::-1].cumsum()[::-1][1:]
    mean_below = (counts * centres).cumsum()[:-1] / np.maximum(below, 1)
    mean_above = (counts * centres)[::-1].cumsum()[::-1][1:] / np.maximum(above, 1)
    return float(edges[1 + np.argmax(below * above * (mean_above - mean_below) ** 2)])


def two_means(values: Floats) -> float:
    """The split that lies in the middle between the means of the two classes it makes; infinite as for `otsu`.

    Source: Lloyd, "Least squares quantization in PCM", IEEE Trans. Information Theory 1982; from the middle between the
    least and the largest value on.
    """
    if _is_one_number(values):
        return float("inf")
    ordered = np.sort(values)
    sums = np.concatenate([[0.0], ordered.cumsum()])
    split, last = float(ordered[0] + ordered[-1]) / 2, np.nan
    while split != last:
        below = min(max(int(np.searchsorted(ordered, split)), 1), len(ordered) - 1)
        last = split
        split = float(sums[below] / below + (sums[-1] - sums[below]) / (len(ordered) - below)) / 2
    return split


def minimum_error(values: Floats) -> float:
    """The split with the fewest errors where both classes are normal; infinite as for `otsu`.

    Source: Kittler, Illingworth, "Minimum error thresholding", Pattern Recognition 1986. It is taken of the values to
    the power of 2/3, which are nearly normal where their squares are distributed as chi-square (Wilson, Hilferty, "The
    distribution of chi-square", PNAS 1931), as those of unchanged pixels are.
    """
    if _is_one_number(values):
        return float("inf")
    counts, edges = np.histogram(np.cbrt(np.maximum(values, 0)) ** 2, BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    below = _spread(counts, centres)
    above = _spread(counts[::-1], centres[::-1])[:, ::-1]
    (share, deviation), (other_share, other_deviation) = below[:, :-1], above[:, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        criterion = share * np.log(deviation / share) + other_share * np.log(other_deviation / other_share)
    width = edges[1] - edges[0]
    allowed = (deviation > width) & (other_deviation > width) & np.isfinite(criterion)
    if not allowed.any():
        return otsu(values)
    return float(edges[1 + np.argmin(np.where(allowed, criterion, np.inf))] ** 1.5)


def _spread(counts: NDArray[np.intp], centres: Floats) -> Floats:
    """Share and deviation of all bins up to each (2, n)."""
    total = counts.cumsum()
    mean = (counts * centres).cumsum() / np.maximum(total, 1)
    variance = (counts * centres**2).cumsum() / np.maximum(total, 1) - mean**2
    return np.stack([total / total[-1], np.sqrt(np.maximum(variance, 0))])


#: Name -> rule: values (n,) from 0 on -> the least of them that is change, infinite where nothing is.
RULES: Mapping[str, Callable[[Floats], float]] = {
    "otsu": otsu,
    "k-means": two_means,
    "kittler-illingworth": minimum_error,
}
