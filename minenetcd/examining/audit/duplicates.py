"""Pairs of images that show the same, found without comparing every pair with every other."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

#: Two hashes of 64 bits may differ in this many: cut into one part more, they agree in at least one part.
MOST_BITS = 6
#: How like each other two thumbnails must be, and how far their means may lie apart [grey levels].
LEAST_CORRELATION, MOST_BRIGHTNESS = 0.95, 32.0
#: Standard deviation below which a thumbnail shows nothing that could be recognised [grey levels].
LEAST_DETAIL = 1.0


def duplicate_groups(hashes: NDArray[np.uint64], thumbnails: NDArray[np.floating]) -> list[NDArray[np.intp]]:
    """Indices of pairs whose before images look alike and whose after images do too: the groups of two and more.

    `hashes` (N, 2) and `thumbnails` (N, 2, S, S). Pairs without detail on both dates are left out.
    """
    labels = _labels(hashes, thumbnails)
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    seen = _detail(thumbnails) >= LEAST_DETAIL
    return sorted((group for group in groups if len(group) > 1 and seen[group].any()), key=lambda group: group[0])


def exchanged_copies(hashes: NDArray[np.uint64], thumbnails: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Indices i < j of pairs where each one's before image looks like the other's after image.

    Of several copies of one pair only the first is compared.
    """
    _, kept = np.unique(_labels(hashes, thumbnails), return_index=True)
    kept = np.sort(kept[_detail(thumbnails)[kept] >= LEAST_DETAIL])
    both_ways = [np.concatenate([values[kept], values[kept, ::-1]]) for values in (hashes, thumbnails)]
    one, other = _alike(*both_ways).T
    crossing = (one < len(kept)) & (other >= len(kept)) & (one < other - len(kept))
    return sorted(zip(kept[one[crossing]].tolist(), kept[other[crossing] - len(kept)].tolist(), strict=True))


def _labels(hashes: NDArray[np.uint64], thumbnails: NDArray[np.floating]) -> NDArray[np.intp]:
    """(N,): equal for pairs that look alike, by any chain of such pairs."""
    rows = np.concatenate([hashes.view(np.uint8), thumbnails.reshape(len(hashes), -1).view(np.uint8)], axis=1)
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)  # exact copies count once
    links = _alike(hashes[first], thumbnails[first])
    graph = coo_array((np.ones(len(links)), links.T), shape=(len(first), len(first)))
    return connected_components(graph, directed=False)[1][inverse.ravel()]


def _alike(hashes: NDArray[np.uint64], thumbnails: NDArray[np.floating]) -> NDArray[np.intp]:
    """(M, 2): rows i < j that look alike on both dates."""
    found = [np.empty((0, 2), dtype=np.intp)]
    for one, other in _candidates(hashes):
        near = (np.bitwise_count(hashes[one] ^ hashes[other]) <= MOST_BITS).all(axis=1)
        one, other = one[near], other[near]
        same = _same(thumbnails[one], thumbnails[other])
        found.append(np.sort(np.stack([one[same], other[same]], axis=1), axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _candidates(hashes: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows that agree in a part of the before hash and in a part of the after hash: all that can be near, and few."""
    parts = [_parts(date) for date in hashes.T]
    for before in parts[0]:
        for after in parts[1]:
            keys = (before << np.uint64(32)) | after
            order = np.argsort(keys, kind="stable")
            keys, place, step = keys[order], np.arange(len(order)), 1
            while len(place):
                place = place[place + step < len(keys)]
                place = place[keys[place] == keys[place + step]]  # equal keys lie side by side
                yield order[place], order[place + step]
                step += 1


def _parts(hashes: NDArray[np.uint64]) -> list[NDArray[np.uint64]]:
    edges = np.linspace(0, 64, MOST_BITS + 2).astype(int)
    return [(hashes >> np.uint64(low)) & np.uint64(2 ** (high - low) - 1) for low, high in pairwise(edges)]


def _same(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(M,) from thumbnails (M, 2, S, S): whether both dates show the same, but for brightness and contrast."""
    one, other = one.astype(np.float32), other.astype(np.float32)
    means = [images.mean(axis=(2, 3), keepdims=True) for images in (one, other)]
    left, right = one - means[0], other - means[1]
    shared = (left * right).sum(axis=(2, 3))
    whole = np.sqrt((left**2).sum(axis=(2, 3)) * (right**2).sum(axis=(2, 3)))
    flat = whole < left[0].size / 2 * LEAST_DETAIL**2 if len(left) else whole > 0
    near = np.abs(means[0] - means[1])[..., 0, 0] <= MOST_BRIGHTNESS
    return (near & (flat | (shared >= LEAST_CORRELATION * whole))).all(axis=1)


def _detail(thumbnails: NDArray[np.floating]) -> NDArray[np.floating]:
    """(N,): standard deviation of the richer date [grey levels]."""
    return thumbnails.std(axis=(2, 3), dtype=np.float32).max(axis=1)
