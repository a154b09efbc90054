import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minenetcd.errors import SizeError
from minenetcd.evaluation.boundary import BoundaryCounts

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))


def outline(mask: np.ndarray, known: np.ndarray) -> list[tuple[int, int]]:
    found = []
    for row, column in itertools.product(*map(range, mask.shape)):
        beside = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        inside = [(r, c) for r, c in beside if 0 <= r < mask.shape[0] and 0 <= c < mask.shape[1]]
        if known[row, column] and mask[row, column] == 1 and any(known[p] and mask[p] == 0 for p in inside):
            found.append((row, column))
    return found


def met(points: list[tuple[int, int]], others: list[tuple[int, int]], tolerance: float) -> int:
    return sum(any(np.hypot(p[0] - q[0], p[1] - q[1]) <= tolerance for q in others) for p in points)


@settings(deadline=None)
@given(SHAPES, st.data(), st.sampled_from([0, 1, 1.5, 3]))
def test_counts_are_those_of_plain_loops(shape: tuple[int, int], data: st.DataObject, tolerance: float) -> None:
    masks = hnp.arrays(np.uint8, shape, elements=st.sampled_from([0, 0, 1, 1, 255]))
    prediction, truth = data.draw(masks), data.draw(masks)
    known = (prediction != 255) & (truth != 255)
    predicted, true = outline(prediction, known), outline(truth, known)
    assert BoundaryCounts.count(prediction, truth, tolerance=tolerance) == BoundaryCounts(
        len(predicted), met(predicted, true, tolerance), len(true), met(true, predicted, tolerance)
    )


def square(row: int, column: int) -> np.ndarray:
    mask = np.zeros((40, 40), np.uint8)
    mask[row : row + 10, column : column + 10] = 1
    return mask


def test_a_moved_outline_counts_within_the_tolerance_only() -> None:
    assert BoundaryCounts.count(square(8, 8), square(8, 8), tolerance=0).f1 == 1
    assert BoundaryCounts.count(square(8, 8), square(10, 8), tolerance=2).f1 == 1
    assert 0 < BoundaryCounts.count(square(8, 8), square(10, 8), tolerance=1).f1 < 1
    assert BoundaryCounts.count(square(8, 8), square(25, 25), tolerance=2).f1 == 0


def test_the_edge_of_an_image_is_no_outline() -> None:
    whole = np.ones((8, 8), np.uint8)
    assert BoundaryCounts.count(whole, whole) == BoundaryCounts()
    assert BoundaryCounts.count(square(0, 0), square(0, 0)).true == 19


def test_undefined_shares_are_none() -> None:
    nothing = BoundaryCounts()
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)
    missed = BoundaryCounts(true=5)
    assert (missed.precision, missed.recall, missed.f1) == (None, 0, 0)


def test_counts_add_up_and_travel_as_tensors() -> None:
    one, two = BoundaryCounts.count(square(8, 8), square(9, 8)), BoundaryCounts.count(square(0, 0), square(3, 0))
    assert one.to_tensor().dtype == torch.int64
    assert BoundaryCounts.from_tensor(one.to_tensor() + two.to_tensor()) == one + two
    assert (one + two).true == one.true + two.true


def test_masks_of_different_shape_are_refused() -> None:
    with pytest.raises(SizeError, match=r"one shape, got \(2, 2\) and \(2, 3\)"):
        BoundaryCounts.count(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
