import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.curves import (
    average_precision,
    calibration_error,
    precision_recall,
    probability_histogram,
    reliability,
)
from minenetcd.evaluation.probabilities.threshold import confusion_at

SEEDS = st.integers(0, 2**32 - 1)


def pixels(seed: int, *, levels: int = 1000, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities in the middle of a level, many of them equal, and truths that follow them more or less."""
    rng = np.random.default_rng(seed)
    places = rng.choice(levels, rng.integers(1, 60))
    probability = (rng.choice(places, count) + 0.5) / levels
    return probability, (rng.random(count) < probability ** rng.uniform(0.3, 3)).astype(np.uint8)


def histogram(probability: np.ndarray, truth: np.ndarray, levels: int = 1000) -> np.ndarray:
    return probability_histogram(torch.from_numpy(probability), torch.from_numpy(truth), levels=levels).numpy()


@settings(deadline=None)
@given(SEEDS)
def test_the_curve_and_average_precision_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    probability, truth = pixels(seed)
    counted = histogram(probability, truth)
    if not truth.any():
        assert precision_recall(counted) is None and average_precision(counted) is None
        return
    precision, recall, thresholds = metrics.precision_recall_curve(truth, probability)
    ours = precision_recall(counted)
    np.testing.assert_allclose(ours.precision[::-1], precision[:-1])
    np.testing.assert_allclose(ours.recall[::-1], recall[:-1])
    np.testing.assert_allclose(ours.thresholds[::-1] + 0.0005, thresholds)
    assert average_precision(counted) == pytest.approx(metrics.average_precision_score(truth, probability))


@settings(deadline=None)
@given(SEEDS, st.sampled_from([1, 7, 20]))
def test_reliability_is_that_of_scikit_learn(seed: int, bins: int) -> None:
    calibration = pytest.importorskip("sklearn.calibration")
    probability, truth = pixels(seed)
    changed, mean = calibration.calibration_curve(truth, probability, n_bins=bins)
    ours = reliability(histogram(probability, truth), bins)
    np.testing.assert_allclose(ours.probability, mean)
    np.testing.assert_allclose(ours.changed, changed, atol=1e-12)
    assert ours.pixels.sum() == len(truth)


@settings(deadline=None)
@given(SEEDS)
def test_the_calibration_error_is_its_formula(seed: int) -> None:
    probability, truth = pixels(seed)
    expected = 0.0
    for low in np.arange(20) / 20:
        inside = (probability >= low) & (probability < low + 0.05)
        if inside.any():
            expected += inside.mean() * abs(probability[inside].mean() - truth[inside].mean())
    assert calibration_error(histogram(probability, truth)) == pytest.approx(expected)


def test_calibration_tells_sure_and_wrong_from_sure_and_right() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random(200_000)
    honest = (rng.random(200_000) < probability).astype(np.uint8)
    assert calibration_error(histogram(probability, honest)) < 0.01
    assert calibration_error(histogram(probability, 1 - honest)) > 0.4
    assert calibration_error(np.zeros((2, 1000), np.int64)) is None


@settings(deadline=None)
@given(SEEDS, st.sampled_from([torch.float32, torch.float64]), st.sampled_from([100, 1000]))
def test_levels_meet_every_threshold_to_the_last_bit(seed: int, dtype: torch.dtype, levels: int) -> None:
    """At each multiple of a level, and at the numbers just beside it, the histogram counts what the mask counts."""
    rng = np.random.default_rng(seed)
    edges = (torch.arange(levels + 1, dtype=dtype) / levels)[torch.from_numpy(rng.integers(0, levels + 1, 50))]
    beside = (torch.nextafter(edges, torch.full_like(edges, side)).clamp(0, 1) for side in (0, 1))
    probability = torch.cat([edges, *beside])
    truth = torch.from_numpy(rng.choice([0, 1, 255], len(probability)).astype(np.uint8))
    counted = probability_histogram(probability, truth, levels=levels).numpy()
    for threshold in edges.double().tolist():
        threshold = round(threshold * levels) / levels
        if not 0 < threshold < 1:
            continue
        mask = (probability >= threshold).to(torch.uint8)
        assert confusion_at(counted, threshold) == Confusion.count(mask.numpy(), truth.numpy())


def test_histograms_add_up_and_leave_out_what_is_not_labelled() -> None:
    probability, truth = torch.rand(4, 8, 8), torch.randint(0, 2, (4, 8, 8), dtype=torch.uint8)
    truth[0, :4] = 255
    whole = probability_histogram(probability, truth)
    parts = [probability_histogram(*part) for part in zip(probability, truth, strict=True)]
    assert torch.equal(whole, torch.stack(parts).sum(dim=0)) and whole.sum() == 4 * 64 - 32
    assert whole.dtype == torch.int64 and whole[1].sum() == (truth == 1).sum()
    ends = probability_histogram(torch.tensor([0.0, 1.0, torch.nan]), torch.tensor([0, 1, 1]), levels=10)
    assert ends[0, 0] == 1 and ends[1, 9] == 1 and ends[1, 0] == 1
