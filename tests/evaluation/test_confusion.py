import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minenetcd.errors import SizeError
from minenetcd.evaluation.confusion import METRICS, Confusion

MASKS = hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0, 1, 255]))
CELLS = st.integers(0, 30)


def scikit_learn(truth: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    """Every metric as scikit-learn has it; NaN where it is undefined there."""
    metrics = pytest.importorskip("sklearn.metrics")
    told = {"labels": [0, 1], "average": None, "zero_division": np.nan}
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, prediction, **told)
    iou = metrics.jaccard_score(truth, prediction, labels=[0, 1], average=None, zero_division=0)
    iou = np.where([np.any((truth == label) | (prediction == label)) for label in (0, 1)], iou, np.nan)
    return {
        "oa": metrics.accuracy_score(truth, prediction),
        "precision": precision[1],
        "recall": recall[1],
        "f1": f1[1],
        "ciou": iou[1],
        "kappa": metrics.cohen_kappa_score(truth, prediction, labels=[0, 1]),
        "specificity": recall[0],
        "unchanged_precision": precision[0],
        "unchanged_f1": f1[0],
        "unchanged_iou": iou[0],
        "macro_precision": precision.mean(),
        "macro_recall": recall.mean(),
        "macro_f1": f1.mean(),
        "mean_iou": iou.mean(),
    }


@settings(deadline=None)
@given(CELLS, CELLS, CELLS, CELLS)
def test_every_metric_is_that_of_scikit_learn(tp: int, fp: int, fn: int, tn: int) -> None:
    counts = Confusion(tp=tp, fp=fp, fn=fn, tn=tn)
    if not counts.pixels:
        assert set(counts.metrics().values()) == {None}
        return
    truth, prediction = np.repeat([[1, 0, 1, 0], [1, 1, 0, 0]], [tp, fp, fn, tn], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what is undefined
        expected = scikit_learn(truth, prediction)
    assert tuple(expected) == METRICS
    for name, value in counts.metrics().items():
        if value is None:
            assert np.isnan(expected[name]), name
        else:
            assert value == pytest.approx(expected[name], abs=1e-12), name


@settings(deadline=None)
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


@settings(deadline=None)
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
    assert (nothing.kappa, nothing.macro_f1, nothing.specificity, nothing.unchanged_f1) == (None, None, 1.0, 1.0)
    assert Confusion().oa is None


@settings(deadline=None)
@given(*[st.integers(0, 2**40)] * 4)
def test_counts_travel_as_tensors_that_add_up(tp: int, fp: int, fn: int, tn: int) -> None:
    one, two = Confusion(tp, fp, fn, tn), Confusion(tn, tp, fp, fn)
    assert one.to_tensor().dtype == torch.int64
    assert Confusion.from_tensor(one.to_tensor() + two.to_tensor()) == one + two
    assert 0 <= (one.kappa or 0) + 1 <= 2  # squares of such counts are beyond 64 bits


def test_masks_of_different_shape_are_refused() -> None:
    with pytest.raises(SizeError, match=r"one shape, got \(2, 2\) and \(2, 3\)"):
        Confusion.count(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
