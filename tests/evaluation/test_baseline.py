import numpy as np
import pytest

from minenetcd.evaluation.baseline import baseline_mask, change_vector_magnitude, otsu_threshold


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
