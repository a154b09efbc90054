"""What becomes 0 and 1, or 0 and 255, of a file's numbers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from minenetcd.configs.value_range import ValueRange, check_value_range, range_in_words
from minenetcd.errors import OptionError
from minenetcd.geo.values import pair_limits, robust_limits, rounded_range, same_limits, to_eight_bits


def ground(seed: int = 0, side: int = 100) -> NDArray[np.float64]:
    """Smooth soil, (H, W, 3), in reflectance."""
    return np.random.default_rng(seed).normal((0.3, 0.2, 0.1), (0.04, 0.03, 0.02), (side, side, 3))


@pytest.mark.parametrize(("dtype", "factor"), [("uint16", 10_000), ("int16", 10_000), ("float32", 1), ("float64", 1)])
def test_both_dates_share_one_stretch_that_a_small_bright_change_hardly_moves(dtype: str, factor: float) -> None:
    before = (ground() * factor).astype(dtype)
    after = before.copy()
    quiet, _ = pair_limits(before, after)
    after[:14, :14] = int(factor)  # 2 % of the scene
    first, second = pair_limits(before, after)
    np.testing.assert_array_equal(first, second)
    span = quiet.high - quiet.low
    assert (np.abs(first.low - quiet.low) < 0.05 * span).all() and (np.abs(first.high - quiet.high) < 0.1 * span).all()


def test_a_brighter_date_stays_the_brighter_one() -> None:
    before = (ground() * 10_000).astype(np.uint16)
    after = (1.3 * ground(1) * 10_000).astype(np.uint16)
    one, other = pair_limits(before, after)
    unit = [
        ((date - limits.low) / (limits.high - limits.low)).mean() for date, limits in ((before, one), (after, other))
    ]
    assert unit[1] > unit[0] + 0.15


def test_dates_without_a_unit_in_common_are_taken_each_by_itself() -> None:
    fine, coarse = (ground() * 255).clip(0, 255).astype(np.uint8), (ground(1) * 10_000).astype(np.uint16)
    eight, other = pair_limits(fine, coarse)
    np.testing.assert_array_equal(eight, same_limits(0, 255, 3))
    np.testing.assert_array_equal(other, robust_limits(coarse.reshape(-1, 3)))
    whole, fractions = pair_limits(coarse, ground())
    np.testing.assert_array_equal(whole, other)
    np.testing.assert_array_equal(fractions, robust_limits(ground().reshape(-1, 3)))


def test_what_is_not_valid_takes_no_part() -> None:
    before = ground() * 10_000
    after, valid = before.copy(), np.ones(before.shape[:2], bool)
    after[:50], valid[:50] = 60_000, False
    np.testing.assert_array_equal(pair_limits(before, after, valid), pair_limits(before[50:], after[50:]))
    for limits in pair_limits(before, after, np.zeros_like(valid)):
        assert [end.tolist() for end in limits] == [[0, 0, 0], [1, 1, 1]]
    after[60] = np.nan
    assert np.isfinite(pair_limits(before, after)).all()


@pytest.mark.parametrize("filling", [-3.4e38, 3.4e38, 2e7])
def test_limits_are_numbers_of_some_distance_whatever_fills_the_images(filling: float) -> None:
    pixels = np.random.default_rng(0).normal(100, 20, (1000, 2)).astype(np.float32)
    pixels[: 50 if abs(filling) > 1e30 else 1000] = filling
    limits = robust_limits(pixels)
    assert np.isfinite(limits.high - limits.low).all() and (limits.high > limits.low).all()
    check_value_range(rounded_range(limits), 2)


def test_many_pixels_are_thinned_by_a_fixed_rule() -> None:
    pixels = np.random.default_rng(0).normal(1000, 100, (2_000_000, 1))
    found, again = robust_limits(pixels), robust_limits(pixels)
    np.testing.assert_array_equal(found, again)
    width = 2 * 2.0537 * 100
    assert found.low[0] == pytest.approx(1000 - (1 / 2 + 1 / 3) * width, abs=3)
    assert found.high[0] == pytest.approx(1000 + (1 / 2 + 1 / 3) * width, abs=3)


@pytest.mark.parametrize(
    ("date", "value_range", "message"),
    [
        (ground() * 255, (0, 10_000), "0 to 10000 are needed, got 8-bit ones, 0 to 255, in the before image: give"),
        (ground() * 10_000, (0, 255), r"0 to 255 are needed, got (9\d|100)% above it in the before image: give"),
        (ground() + 2, (0, 1), "above it in the before"),
        (ground() - 2, ((0, 0, 0), (1, 1, 1)), "0 to 1, 0 to 1, 0 to 1 are needed, got 100% below it"),
    ],
)
def test_a_range_of_other_numbers_is_refused(date: NDArray[Any], value_range: ValueRange, message: str) -> None:
    dtype = np.uint8 if "8-bit" in message else np.uint16 if date.max() > 1000 else np.float32
    with pytest.raises(OptionError, match=message) as caught:
        pair_limits(date.clip(-2, None).astype(dtype), date.astype(dtype), value_range=value_range)
    assert "\n" not in str(caught.value) and "--range LOW,HIGH" in str(caught.value)


@pytest.mark.parametrize("value_range", [(0, 1), (0, 255), (0, 300), (50, 200)])
def test_eight_bits_are_read_by_any_range_they_can_fill(value_range: ValueRange) -> None:
    dates = [(ground(seed) * 255).clip(0, 255).astype(np.uint8) for seed in range(2)]
    if value_range == (0, 1):
        with pytest.raises(OptionError, match="above it"):
            pair_limits(*dates, value_range=value_range)
    else:
        first, second = pair_limits(*dates, value_range=value_range)
        assert first.low.tolist() == second.low.tolist() == [value_range[0]] * 3


@pytest.mark.parametrize(
    "value_range",
    [(5, 5), (3, 1), (0, float("inf")), (float("nan"), 1), ((0, 1), (2, 3)), ((0, 1, 2), (3, 4, 5, 6)), ((), ()), (0,)],
)
def test_what_is_no_value_range_is_told_in_one_line(value_range: Any) -> None:
    with pytest.raises(OptionError, match="A value range needs") as caught:
        check_value_range(value_range, bands=3)
    assert "\n" not in str(caught.value)


def test_a_range_in_words_is_band_by_band_where_bands_differ() -> None:
    assert range_in_words((0, 10_000)) == "0 to 10000"
    assert range_in_words((0, (90, 300))) == "0 to 90, 0 to 300"


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e5))
def test_a_range_is_rounded_to_what_makes_no_difference(low: float, span: float) -> None:
    limits = same_limits(low, low + span, 2)
    if not (limits.low < limits.high).all():
        return
    first, last = (float(np.atleast_1d(end)[0]) for end in rounded_range(limits))
    check_value_range((first, last))
    assert abs(first - limits.low[0]) <= 1e-3 * span and abs(last - limits.high[0]) <= 1e-3 * span


def test_eight_bits_of_a_given_range_are_cut_off_at_both_ends() -> None:
    pixels = np.array([[[-3.0], [10.0], [20.0], [999.0], [np.nan]]])
    assert to_eight_bits(pixels, same_limits(10, 30, bands=1)).ravel().tolist() == [0, 0, 128, 255, 0]
