"""Hot and dead pixels, and filling, hide no change from a guarded rule, and ordinary numbers are left as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from classical.conftest import drawn_pair, make_pair
from minenetcd.classical.bounds import Bounds, HeldSample, PairBounds
from minenetcd.classical.catalog import create_classical
from minenetcd.classical.detector import THRESHOLD_RULES
from minenetcd.geo.no_change.pixels import ScenePixels

GUARDED = ["otsu-guarded", "k-means-guarded", "kittler-illingworth-guarded"]
SQUARE = np.s_[40:90, 40:90]


def fields(*, changed: bool) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Two dates (160, 160, 4) of 16 bits: fields, noise of their own, and a square of other ground."""
    rng = np.random.default_rng(4)
    ground = rng.uniform(600, 1500, (10, 10, 4)).repeat(16, axis=0).repeat(16, axis=1)
    before, after = (ground + rng.normal(0, 25, ground.shape) for _ in range(2))
    after[SQUARE] += 700 * changed
    return before.astype(np.uint16), after.astype(np.uint16)


@pytest.mark.parametrize("rule", GUARDED)
@pytest.mark.parametrize("name", ["cva", "irmad", "isfa", "pca-kmeans"])
@pytest.mark.parametrize("hot", ["after", "both"])
@pytest.mark.parametrize("smooth", [0, 8])
def test_hot_pixels_do_not_silence_a_guarded_rule(name: str, rule: str, hot: str, smooth: int) -> None:
    before, after = fields(changed=True)
    rng = np.random.default_rng(0)
    for date in (after,) if hot == "after" else (before, after):
        date[rng.random(date.shape[:2]) < 0.001] = 65_535
    found = create_classical(name, threshold_rule=rule, smooth=smooth).probability(before, after) >= 0.5
    inside = found[SQUARE].copy()
    found[SQUARE] = False
    assert inside.mean() > 0.95 and found.mean() < 0.005


@pytest.mark.parametrize("rule", GUARDED)
def test_the_same_hot_pixels_in_both_dates_are_no_change(rule: str) -> None:
    before, after = fields(changed=False)
    hot = np.random.default_rng(0).random(before.shape[:2]) < 0.001
    before[hot] = after[hot] = 65_535
    found = create_classical("irmad", threshold_rule=rule).probability(before, after) >= 0.5
    assert not found.any()


@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_rules_without_a_guard_read_all_numbers_as_they_are(rule: str) -> None:
    scene = create_classical("cva", threshold_rule=rule).for_scene([drawn_pair()])
    assert (scene.bounds is None) == (not rule.endswith("-guarded"))


@given(npst.arrays(np.uint8, (500, 3)))
def test_eight_bits_that_fill_a_third_of_their_scale_are_left_as_they_are(pixels: NDArray[np.uint8]) -> None:
    pixels[:2], pixels[-2:] = 80, 165  # each end twice of 500 pixels: more than is rare
    assert np.array_equal(Bounds.of(pixels).hold(pixels), pixels)


@given(st.sampled_from(["uint8", "uint16", "int16", "int32", "float32", "float64"]), st.integers(0, 2**31))
def test_what_lies_beyond_is_brought_to_the_bound_in_its_own_type(dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.normal(60, 5, (2000, 2)).astype(dtype)
    far = np.zeros(2000, bool)
    far[rng.choice(2000, 3)] = True  # less than is rare
    pixels[far] = 255
    bounds = Bounds.of(pixels)
    held = bounds.hold(pixels)
    assert held.dtype == pixels.dtype and np.array_equal(bounds.hold(held), held)
    assert np.array_equal(held[~far], pixels[~far]) and np.array_equal(bounds.contain(held), ~far)
    assert 80 < held[far].max() < 180


def test_a_band_of_one_number_but_for_few_has_no_bounds() -> None:
    pixels = np.full((5000, 1), 7, np.uint16)
    pixels[:5] = 900
    assert np.array_equal(Bounds.of(pixels).hold(pixels), pixels)


@pytest.mark.parametrize("rule", GUARDED)
@pytest.mark.parametrize("name", ["cva", "irmad", "isfa", "pca-kmeans"])
@pytest.mark.parametrize("smooth", [0, 4])
def test_filling_that_no_file_calls_nodata_is_as_if_it_were(name: str, rule: str, smooth: int) -> None:
    before, after = fields(changed=True)
    ground = np.zeros(before.shape[:2], bool)
    ground[20:130, 25:140] = True
    before[~ground] = after[~ground] = 0
    detector = create_classical(name, threshold_rule=rule, smooth=smooth)
    unmarked = detector.probability(before, after)
    assert (unmarked[~ground] < 0.5).all() and (unmarked[SQUARE] >= 0.5).mean() > 0.9
    np.testing.assert_array_equal(unmarked[ground], detector.probability(before, after, valid=ground)[ground])


def test_a_little_black_ground_is_no_filling() -> None:
    before, after = fields(changed=False)
    before[:40, :28] = after[:40, :28] = 0  # 4.4 %
    assert not PairBounds.of(ScenePixels.of([make_pair(before, after)])).has_filling


def test_windows_are_held_when_they_are_read() -> None:
    before, after = fields(changed=True)
    after[0, 0] = 65_535
    halves = [make_pair(before[rows], after[rows]) for rows in (np.s_[:80], np.s_[80:])]
    sample = HeldSample(halves, PairBounds.of(ScenePixels.of(halves)))
    assert len(sample) == 2 and sample[0].after.max() < 10_000
    assert np.array_equal(sample[:1][0].after, sample[0].after) and np.array_equal(sample[1].after, halves[1].after)
