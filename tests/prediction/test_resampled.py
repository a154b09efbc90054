"""Values brought from one grid to another: bilinear, and unmoved by what has no data."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minenetcd.prediction.rasters.resampled import interpolation, weighted_mean

sides = st.integers(1, 120)
ratios = st.floats(0.1, 10)


def cover(target: int, ratio: float) -> int:
    """Pixels needed to cover `target` pixels, each `ratio` of them wide."""
    return max(1, int(np.ceil(target * ratio - 1e-9)))


@settings(deadline=None)
@given(sides, ratios)
def test_a_constant_stays_and_no_weight_is_negative(target: int, ratio: float) -> None:
    side = cover(target, ratio)
    weights = interpolation(range(target), ratio, side)
    assert weights.shape == (target, side) and weights.data.min() > 0
    mean = weighted_mean(np.full((side, side), 0.3, np.float32), weights, weights)
    np.testing.assert_allclose(mean, np.full((target, target), 0.3), rtol=1e-6)


@settings(deadline=None)
@given(st.integers(20, 120), st.floats(0.1, 1))
def test_a_slope_stays_a_slope_away_from_the_ends(target: int, ratio: float) -> None:
    side = cover(target, ratio)
    assume(side >= 4)
    weights = interpolation(range(target), ratio, side)
    found = (weights @ np.arange(side, dtype=float)) / (weights @ np.ones(side))
    exact = (np.arange(target) + 0.5) * ratio - 0.5
    inside = (exact > 0) & (exact < side - 1)
    np.testing.assert_allclose(found[inside], exact[inside], atol=1e-9)


def test_towards_larger_pixels_all_of_them_count() -> None:
    weights = interpolation(range(10), 4.0, 40)
    assert (weights.sum(axis=0) > 0).all()


@settings(deadline=None)
@given(sides, ratios, st.integers(0, 119))
def test_a_part_has_the_weights_it_has_in_the_whole(target: int, ratio: float, first: int) -> None:
    assume(first < target)
    side = cover(target, ratio)
    whole, part = interpolation(range(target), ratio, side), interpolation(range(first, target), ratio, side)
    np.testing.assert_array_equal(whole[first:].toarray(), part.toarray())


def test_no_data_takes_no_part_and_reaches_no_further_than_its_neighbours() -> None:
    values = np.array([[0.2, np.nan, np.nan, np.nan, 0.8]], np.float32)
    across = interpolation(range(20), 0.25, 5)
    mean = weighted_mean(values, interpolation(range(4), 0.25, 1), across)[0]
    assert np.isnan(mean).tolist() == [False] * 6 + [True] * 8 + [False] * 6
    np.testing.assert_allclose(mean[np.isfinite(mean)], [0.2] * 6 + [0.8] * 6, rtol=1e-6)
