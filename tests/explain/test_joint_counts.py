"""Two detectors counted together, against each counted alone."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minenetcd.evaluation.confusion import Confusion
from minenetcd.explain.comparison.joint_counts import JointCounts, confusion, joint_counts, only_right

SHAPE = (3, 5, 4)
MASKS = arrays(np.bool_, SHAPE)
TRUTHS = arrays(np.uint8, SHAPE, elements=st.sampled_from([0, 1, 255]))


def counted(a: np.ndarray, b: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return joint_counts(*(torch.from_numpy(array) for array in (a, b, truth))).numpy()


@given(MASKS, MASKS, TRUTHS)
def test_each_side_has_the_confusion_it_has_alone(a: np.ndarray, b: np.ndarray, truth: np.ndarray) -> None:
    for table, *masks in zip(counted(a, b, truth), a, b, truth, strict=True):
        *sides, true = masks
        for side, says in zip(("a", "b"), sides, strict=True):
            assert confusion(table, side) == Confusion.count(says.astype(np.uint8), true)


@given(MASKS, MASKS, TRUTHS)
def test_who_alone_is_right_is_counted_where_they_differ(a: np.ndarray, b: np.ndarray, truth: np.ndarray) -> None:
    tables = counted(a, b, truth)
    names = ["one", "two", "three"]
    joint = JointCounts(names, tables, names, "pair", "pair")
    known = truth != 255
    assert joint.differing.tolist() == ((a != b) & known).sum(axis=(1, 2)).tolist()
    right_a, right_b = ((mask == (truth == 1)) & known for mask in (a, b))
    assert only_right(joint.total, "a") == (right_a & ~right_b).sum()
    assert only_right(joint.total, "b") == (right_b & ~right_a).sum()


def test_parts_of_one_site_add_up() -> None:
    counts = np.arange(3 * 8).reshape(3, 2, 2, 2)
    joint = JointCounts(["x", "y", "z"], counts, ["s2", "s1", "s2"], "pair", "site")
    assert list(joint.by_group) == ["s1", "s2"]
    assert np.array_equal(joint.by_group["s2"], counts[0] + counts[2])
    assert np.array_equal(joint.total, sum(joint.by_group.values()))


def test_the_largest_differences_come_first_and_equal_ones_in_order() -> None:
    def differing(pixels: int) -> np.ndarray:
        table = np.zeros((2, 2), np.int64)
        table[0, 1], table[1, 1] = pixels, 100
        return table

    names = list("abcde")
    joint = JointCounts(names, np.stack([differing(n) for n in (3, 0, 7, 3, 1)]), names, "block", "block")
    assert not joint.has_truth
    assert joint.largest_differences(3) == [2, 0, 3] and joint.largest_differences(9) == [2, 0, 3, 4]
