"""What must leave a statistic as it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from classical.conftest import drawn_pair, make_pair
from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.classical.sfa import isfa
from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.linear import change_vectors
from minenetcd.geo.no_change.mad import irmad
from minenetcd.geo.no_change.pixels import ScenePixels

seeds = st.integers(0, 2**31)


def squared(pixels: ScenePixels, method: str, most: int = 1) -> np.ndarray:
    """Z, T or the squared length of change vectors (n,)."""
    statistics = {
        "cva": lambda: change_vectors(pixels),
        "mad": lambda: irmad(pixels, most=most)[-1].statistic,
        "sfa": lambda: isfa(pixels, most=most).statistic,
    }
    return statistics[method]().squared(pixels.before.astype(float), pixels.after.astype(float))


def pixels_of(pair: Pair) -> ScenePixels:
    return ScenePixels.of([make_pair(pair.before.astype(float), pair.after.astype(float))])


@given(seed=seeds, most=st.sampled_from([1, 4]))
@settings(max_examples=25, deadline=None)
def test_mad_and_irmad_keep_z_under_affine_changes_of_the_bands(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    pair = drawn_pair(seed % 7, side=48)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0] * rng.uniform(0.2, 5, 3)
    mixed = make_pair(pair.before @ turn + rng.normal(0, 100, 3), pair.after.astype(float))
    assert_allclose(squared(pixels_of(mixed), "mad", most), squared(pixels_of(pair), "mad", most), rtol=1e-9)


@given(seed=seeds, method=st.sampled_from(["cva", "sfa"]), most=st.sampled_from([1, 4]))
@settings(max_examples=25, deadline=None)
def test_change_vectors_and_slow_features_do_not_feel_gain_and_offset(seed: int, method: str, most: int) -> None:
    rng = np.random.default_rng(seed)
    pair = drawn_pair(seed % 7, side=48)
    toned = make_pair(pair.before.astype(float), pair.after * rng.uniform(0.1, 10, 3) + rng.normal(0, 100, 3))
    assert_allclose(squared(pixels_of(toned), method, most), squared(pixels_of(pair), method, most), rtol=1e-9)


@pytest.mark.parametrize("name", ["cva", "cva-raw"])
def test_equal_bands_count_as_one_to_change_vectors(name: str) -> None:
    """What they find is right or wrong as it is in one band: noise that all bands share is not averaged out."""
    pair = drawn_pair(bands=1)
    five = make_pair(np.repeat(pair.before, 5, axis=-1), np.repeat(pair.after, 5, axis=-1))
    one, other = (scores(name, each) >= 0.5 for each in (pair, five))
    assert one.any() and (one == other).mean() > 0.999


@pytest.mark.parametrize("name", list(CLASSICAL))
@pytest.mark.parametrize("bands", [1, 2, 5])
def test_swapped_dates_give_the_same_scores(name: str, bands: int) -> None:
    pair = drawn_pair(bands=bands)
    swapped = make_pair(pair.after, pair.before)
    one, other = (scores(name, each) for each in (pair, swapped))
    assert_allclose(one, other, atol=1e-6)
    assert (one >= 0.5).any() and (one < 0.5).any()


@pytest.mark.parametrize("name", list(CLASSICAL))
def test_a_changed_square_is_found_where_some_pixels_are_not_valid(name: str) -> None:
    drawn = drawn_pair(1)
    valid = np.ones((96, 96), bool)
    valid[:, 80:] = False
    before = drawn.before.copy()
    before[~valid] = 255
    found = scores(name, make_pair(before, drawn.after, valid)) >= 0.5
    clean = scores(name, make_pair(drawn.before[:, :80], drawn.after[:, :80])) >= 0.5
    assert found[28:44, 36:44].all() and found[valid].mean() < 0.15
    assert np.array_equal(found[:, :78], clean[:, :78])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_the_number_type_of_the_images_changes_nothing(dtype: type) -> None:
    pair = drawn_pair(bands=2)
    other = make_pair(pair.before.astype(dtype), pair.after.astype(dtype))
    assert np.array_equal(scores("irmad", pair), scores("irmad", other))


def scores(name: str, pair: Pair) -> np.ndarray:
    scene = create_classical(name).for_scene([pair])
    return scene.scores((pair.before[None], pair.after[None]), pair.valid[None])[0, 0]
