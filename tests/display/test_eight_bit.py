"""Rasters as pictures: colours that show what is there, whatever the numbers are."""

import numpy as np
import pytest

from minenetcd.display.eight_bit import eight_bit_view

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
