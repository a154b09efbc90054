import numpy as np
import pytest

from minenetcd.evaluation.baseline import baseline_mask, change_vector_magnitude, otsu_threshold
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.threshold import ThresholdSearch


def scene(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = (rng.random((40, 50)) < 0.3).astype(np.uint8)
    probability = np.clip(rng.normal(0.25 + 0.35 * truth, 0.15), 0, 0.999).astype(np.float32)
    truth[:3] = 255
    return probability, truth


def test_counts_at_a_threshold_are_those_of_the_mask() -> None:
    search, pooled = ThresholdSearch(), Confusion()
    for seed in range(3):
        probability, truth = scene(seed)
        search.add(probability, truth)
        pooled += Confusion.count((np.floor(probability * 100) >= 37).astype(np.uint8), truth)
    assert search.confusion(0.37) == pooled


def test_the_best_threshold_has_the_best_pooled_f1() -> None:
    search = ThresholdSearch()
    search.add(*scene(0))
    best = search.best()
    assert 0.3 < best < 0.6
    assert search.confusion(best).f1 == max(search.confusion(t / 100).f1 for t in range(1, 100))


def test_without_any_change_the_middle_is_kept() -> None:
    search = ThresholdSearch()
    search.add(np.zeros((4, 4), np.float32), np.zeros((4, 4), np.uint8))
    assert search.best() == 0.5


def test_otsu_splits_two_heaps_between_them() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(10, 1, 900), rng.normal(30, 2, 100)])
    assert 13 < otsu_threshold(values) < 26


def test_the_baseline_finds_a_changed_square_and_standardising_takes_out_tone() -> None:
    rng = np.random.default_rng(0)
    before = rng.integers(80, 120, (32, 32, 3)).astype(np.uint8)
    after = before.copy()
    after[8:16, 8:16] = 250
    mask = baseline_mask(before, after)
    assert mask[8:16, 8:16].all() and mask.sum() == 64
    toned = (before * 0.5 + 60).astype(np.float32)
    assert change_vector_magnitude(before, toned, standardise=True).max() < 1e-4
    assert change_vector_magnitude(before, toned).min() > 1
    assert change_vector_magnitude(before, before + np.uint8(1)) == pytest.approx(np.sqrt(3))
