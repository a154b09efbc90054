"""Metrics of two detectors side by side: what must hold for any joint counts, and cases whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minenetcd.evaluation.significance import MAIN
from minenetcd.explain.comparison.differences import differences
from minenetcd.explain.comparison.joint_counts import only_right


def table(tp: tuple[int, int], tn: tuple[int, int], both_right: int = 50) -> np.ndarray:
    """Joint counts: (only a, only b) find so many changed pixels, and leave so many unchanged ones alone."""
    counts = np.zeros((2, 2, 2), np.int64)
    counts[1, 1, 0], counts[1, 0, 1], counts[0, 0, 1], counts[0, 1, 0] = *tp, *tn
    counts[0, 0, 0] = counts[1, 1, 1] = both_right
    return counts


def test_who_alone_is_right_comes_from_the_joint_table() -> None:
    counts = table(tp=(7, 2), tn=(4, 9))
    assert (only_right(counts, "a"), only_right(counts, "b")) == (7 + 4, 2 + 9)


def test_equal_detectors_do_not_differ() -> None:
    counts = np.zeros((2, 2, 2), np.int64)
    counts[0, 0, 0], counts[1, 1, 1], counts[0, 1, 1], counts[1, 0, 0] = 90, 30, 5, 4
    found = differences({"x": counts, "y": 2 * counts, "z": counts})
    for metric in MAIN:
        assert found[metric].value == 0 and found[metric].interval == (0, 0) and found[metric].p_value == 1


def test_the_p_value_of_few_groups_is_exact() -> None:
    """a is ahead in each of 5 equal groups: only the 2 ways of 32 that leave or exchange all are as extreme."""
    found = differences({str(n): table(tp=(9, 2), tn=(6, 1)) for n in range(5)})
    assert found["f1"].value > 0 and found["f1"].p_value == 2 / 32 == found["oa"].p_value
    low, high = found["f1"].interval
    assert low == pytest.approx(found["f1"].value) == pytest.approx(high), "equal groups, whichever are drawn"


def test_many_groups_are_drawn_with_the_seed() -> None:
    rng = np.random.default_rng(0)
    groups = {str(n): rng.integers(0, 50, (2, 2, 2)) for n in range(20)}
    assert differences(groups) == differences(dict(reversed(groups.items())))
    better = {name: counts + table(tp=(200, 0), tn=(200, 0)) for name, counts in groups.items()}
    assert differences(better)["f1"].p_value < 0.001 and differences(better)["f1"].interval.low > 0


@settings(max_examples=20, deadline=None)
@given(arrays(np.int64, (4, 2, 2, 2), elements=st.integers(0, 60)))
def test_exchanging_the_detectors_turns_the_sign_and_nothing_else(counts: np.ndarray) -> None:
    groups = dict(zip("wxyz", counts, strict=True))
    there = differences(groups)
    back = differences({name: table.swapaxes(1, 2) for name, table in groups.items()})
    for metric in MAIN:
        if there[metric].value is None:
            assert there[metric].p_value is None and back[metric].value is None
            continue
        assert back[metric].value == pytest.approx(-there[metric].value)
        assert back[metric].p_value == pytest.approx(there[metric].p_value)
        assert back[metric].interval == pytest.approx([-end for end in reversed(there[metric].interval)])


def test_one_group_says_nothing_about_luck() -> None:
    found = differences({"only": table(tp=(9, 2), tn=(6, 1))})
    assert found["f1"].value > 0 and found["f1"].interval is None and found["f1"].p_value is None


def test_a_metric_that_is_undefined_stays_so() -> None:
    nothing = np.zeros((2, 2, 2), np.int64)
    nothing[0, 0, 0] = 10
    found = differences({"x": nothing, "y": nothing})
    assert found["f1"].value is None and found["f1"].interval is None and found["oa"].value == 0
