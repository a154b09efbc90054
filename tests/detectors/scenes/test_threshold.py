"""A network's threshold in a scene: found in the scene, within its range, kept when it is saved."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from detectors.small_detector import SMALL, images
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.scenes.threshold import log_odds_shift, sample_tiles, shifted
from minenetcd.errors import OptionError
from minenetcd.geo.align import Pair


def two_heaps(low: float, high: float) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return expit(np.concatenate([rng.normal(low, 0.2, 900), rng.normal(high, 0.2, 100)])).astype(np.float32)


def test_the_threshold_lies_between_two_heaps_of_log_odds() -> None:
    probabilities = two_heaps(-4, -1)
    scores = shifted(probabilities, log_odds_shift([probabilities], 0.3, (0.1, 0.5)))
    assert np.array_equal(scores >= 0.3, np.arange(1000) >= 900)
    assert not (probabilities >= 0.5).any()


@pytest.mark.parametrize(("low", "high", "cut"), [(-8, -6, 0.1), (1, 4, 0.5)])
def test_it_stays_within_its_range(low: float, high: float, cut: float) -> None:
    probabilities = two_heaps(low, high)
    assert log_odds_shift([probabilities], 0.4, (0.1, 0.5)) == pytest.approx(logit(0.4) - logit(cut))


def test_scores_rise_with_the_probability_and_are_the_same_without_a_shift() -> None:
    probabilities = np.linspace(0, 1, 101, dtype=np.float32)
    assert shifted(probabilities, 0) is probabilities
    moved = shifted(probabilities, 1.5)
    assert (np.diff(moved) >= 0).all() and moved.dtype == np.float32 and (moved >= probabilities - 1e-3).all()


def test_tiles_are_spread_over_the_scene() -> None:
    numbers = np.arange(100 * 90, dtype=np.float32).reshape(100, 90, 1)
    pair = Pair.of_arrays(numbers, numbers)
    tiles = list(sample_tiles([pair], 20))
    assert len(tiles) == 12 and tiles[0].before[0, 0] == 0 and tiles[-1].before[0, 0] == 80 * 90 + 70
    assert {tile.valid.shape for tile in tiles} == {(20, 20)}, "a network judges a strip by itself as it would not here"
    assert [tile.valid.shape for tile in sample_tiles([pair], 128)] == [(100, 90)]
    assert len(list(sample_tiles([pair] * 30, 20))) == 12
    empty = Pair.of_arrays(numbers, numbers, np.zeros((100, 90), bool))
    assert not list(sample_tiles([empty], 20))


def test_a_saved_detector_keeps_it_and_a_scene_uses_it(tmp_path: Path) -> None:
    detector = ChangeDetector.from_config({"model": SMALL, "scene_threshold": [0.2, 0.4]}).eval()
    detector.save_pretrained(tmp_path / "saved")
    again = ChangeDetector.from_pretrained(tmp_path / "saved")
    assert again.scene_threshold == (0.2, 0.4) == again.for_inference("cpu").scene_threshold
    assert "between 0.2 and 0.4" in (tmp_path / "saved/README.md").read_text()
    before, after = images()
    scene = again.for_scene([Pair.of_arrays(before, after)], "cpu")
    valid = np.ones((1, *before.shape[:2]), bool)
    raw = again.probability(before, after)
    found = scene.scores((before[None], after[None]), valid)[0, 0]
    cut = expit(logit(again.threshold) - scene.shift)
    assert 0.2 - 1e-6 <= cut <= 0.4 + 1e-6
    assert ((raw >= cut) == (found >= again.threshold)).mean() > 0.999


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(OptionError, match=r"scene_threshold needs a low and a high probability, got 0\.6 and 0\.2"):
        ChangeDetector.from_config({"model": SMALL, "scene_threshold": [0.6, 0.2]})
    model = ChangeDetector.from_config({"model": SMALL}).model
    for wrong in (0.3, (0.3,), (0.1, 0.2, 0.3), ("a", 0.5)):
        with pytest.raises(OptionError, match=r"scene_threshold needs a low and a high probability, got .*: e\.g\."):
            ChangeDetector(model, scene_threshold=wrong)
