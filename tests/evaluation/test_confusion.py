import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minenetcd.errors import SizeError
from minenetcd.evaluation.confusion import Confusion

MASKS = hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0, 1, 255]))


@given(MASKS, st.randoms())
def test_counts_are_the_plain_ones_and_add_up_over_parts(truth: np.ndarray, random) -> None:
    prediction = np.array([[random.choice([0, 1, 255]) for _ in row] for row in truth], np.uint8)
    counts = Confusion.count(prediction, truth)
    pairs = [(p, t) for p, t in zip(prediction.flat, truth.flat, strict=True) if 255 not in (p, t)]
    assert counts == Confusion(
        tp=pairs.count((1, 1)), fp=pairs.count((1, 0)), fn=pairs.count((0, 1)), tn=pairs.count((0, 0))
    )
    cut = len(truth) // 2
    assert counts == Confusion.count(prediction[:cut], truth[:cut]) + Confusion.count(prediction[cut:], truth[cut:])


@given(st.integers(1, 999), st.integers(0, 999), st.integers(0, 999), st.integers(0, 999))
def test_metrics_follow_equations_7_to_11(tp: int, fp: int, fn: int, tn: int) -> None:
    counts = Confusion(tp=tp, fp=fp, fn=fn, tn=tn)
    precision, recall = tp / (tp + fp), tp / (tp + fn)
    assert counts.precision == precision and counts.recall == recall
    assert counts.oa == (tp + tn) / (tp + fp + fn + tn)
    assert counts.f1 == pytest.approx(2 * precision * recall / (precision + recall))
    assert counts.ciou == pytest.approx(counts.f1 / (2 - counts.f1))


def test_undefined_ratios_are_none() -> None:
    nothing = Confusion(tn=4)
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.ciou, nothing.oa) == (None, None, None, None, 1.0)
    assert Confusion().oa is None


def test_masks_of_different_shape_are_refused() -> None:
    with pytest.raises(SizeError, match=r"one shape, got \(2, 2\) and \(2, 3\)"):
        Confusion.count(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
