"""Rasters as pictures: colours that show what is there, whatever the numbers are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minenetcd.display.eight_bit import STRETCH_PERCENTILES, PairStretch, eight_bit_pair, eight_bit_view

EVERYWHERE = np.ones((30, 40), bool)


def raster(dtype: str, bands: int = 3, most: int = 200) -> np.ndarray:
    return np.random.default_rng(0).integers(20, most, (30, 40, bands)).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
def test_other_numbers_are_stretched_band_by_band(dtype: str) -> None:
    pixels = raster(dtype) * np.array([1, 10, 100], dtype)
    shown = eight_bit_view(pixels, EVERYWHERE)
    assert shown.shape == (30, 40, 3) and shown.dtype == np.uint8
    assert (shown.min(axis=(0, 1)) == 0).all() and (shown.max(axis=(0, 1)) == 255).all()


def test_eight_bits_stay_or_are_stretched_by_one_range() -> None:
    pixels = raster("uint8", most=100)
    assert np.array_equal(eight_bit_view(pixels, EVERYWHERE), pixels)
    pixels[..., 2] = 60
    shown = eight_bit_view(pixels, EVERYWHERE, stretch_eight_bits=True)
    assert shown.min() == 0 and shown.max() == 255 and len(np.unique(shown[..., 2])) == 1


def test_one_band_is_grey_and_more_than_three_are_left_out() -> None:
    grey = eight_bit_view(raster("uint16", bands=1), EVERYWHERE)
    assert np.array_equal(grey[..., 0], grey[..., 2])
    assert eight_bit_view(raster("uint8", bands=5), EVERYWHERE).shape == (30, 40, 3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float64"])
def test_no_data_is_white_and_counts_for_nothing(dtype: str) -> None:
    pixels, valid = raster(dtype), EVERYWHERE.copy()
    valid[:10] = False
    expected = eight_bit_view(pixels[10:], valid[10:], stretch_eight_bits=True)
    pixels[:10] = 250
    shown = eight_bit_view(pixels, valid, stretch_eight_bits=True)
    assert (shown[:10] == 255).all() and np.array_equal(shown[10:], expected)
    assert (eight_bit_view(pixels, np.zeros_like(valid)) == 255).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("bands", [1, 2, 3, 6, 13])
def test_both_dates_are_stretched_by_one_range(dtype: str, bands: int) -> None:
    """A date twice as bright looks brighter, equal numbers look equal, and the order of the dates is no matter."""
    before = raster(dtype, bands=bands, most=110)
    after = before * np.array(2, dtype)
    after[:5] = before[:5]
    first, second = eight_bit_pair(before, after, EVERYWHERE, stretch_eight_bits=True)
    assert first.shape == second.shape == (30, 40, 3)
    assert np.array_equal(first[:5], second[:5])
    assert second[5:].mean() > 1.5 * first[5:].mean()
    assert np.array_equal(eight_bit_pair(after, before, EVERYWHERE, stretch_eight_bits=True)[1], first)


def test_eight_bits_of_a_pair_stay_unless_they_are_to_be_stretched() -> None:
    before, after = raster("uint8"), raster("uint8", most=90)
    assert all(map(np.array_equal, eight_bit_pair(before, after, EVERYWHERE), (before, after)))


def test_dates_of_two_types_are_stretched_each_alone() -> None:
    before, after = raster("uint8"), raster("uint16") * np.uint16(40)
    first, second = eight_bit_pair(before, after, EVERYWHERE, stretch_eight_bits=True)
    assert np.array_equal(first, eight_bit_view(before, EVERYWHERE, stretch_eight_bits=True))
    assert np.array_equal(second, eight_bit_view(after, EVERYWHERE))


def test_no_data_of_a_pair_counts_for_nothing() -> None:
    before, after, valid = raster("uint16"), raster("uint16"), EVERYWHERE.copy()
    valid[:10] = False
    expected = eight_bit_pair(before[10:], after[10:], valid[10:])
    after[:10] = 60_000
    shown = eight_bit_pair(before, after, valid)
    assert all((date[:10] == 255).all() for date in shown)
    assert all(np.array_equal(date[10:], known) for date, known in zip(shown, expected, strict=True))


@given(arrays(np.uint8, st.tuples(st.just(2), st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_eight_bits_are_stretched_between_the_percentiles_of_all_valid_pixels(dates: np.ndarray) -> None:
    stretch = PairStretch.of(*dates, np.ones(dates.shape[1:3], bool)).after
    low, high = np.percentile(dates.reshape(-1, 3), STRETCH_PERCENTILES, axis=0)
    assert np.array_equal(stretch.low, low) or (stretch.low == low.min()).all()
    assert (stretch.span == ((high - stretch.low).max() or 1)).all()
