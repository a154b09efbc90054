"""What eyes see of a raster: its numbers in 8 bits and three colours, for pictures; detectors see other numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Of the valid pixels, what is black and what is white. [percent]
STRETCH_PERCENTILES = (1, 99)
NO_DATA = 255  # white, as the page


def eight_bit_view(pixels: NDArray, valid: NDArray[np.bool_], *, stretch_eight_bits: bool = False) -> NDArray[np.uint8]:
    """One date (H, W, C) as red, green, blue (H, W, 3): the first three bands, or the first three times.

    8 bits stay as they are or, with `stretch_eight_bits`, are stretched by one range for all bands, which keeps their
    hue; other numbers are stretched band by band. Where `valid` (H, W) is not, it is white.
    """
    return _views([pixels], valid, stretch_eight_bits=stretch_eight_bits)[0]


def eight_bit_pair(
    before: NDArray, after: NDArray, valid: NDArray[np.bool_], *, stretch_eight_bits: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both dates as in `eight_bit_view`, by one stretch, so that equal numbers look equal.

    Dates of two types of numbers, e.g. 8 and 16 bits, are stretched each alone.
    """
    if before.dtype != after.dtype:
        first, second = (eight_bit_view(date, valid, stretch_eight_bits=stretch_eight_bits) for date in (before, after))
    else:
        first, second = _views([before, after], valid, stretch_eight_bits=stretch_eight_bits)
    return first, second


def _views(dates: Sequence[NDArray], valid: NDArray[np.bool_], *, stretch_eight_bits: bool) -> list[NDArray[np.uint8]]:
    """`dates` of one type of numbers, by the range of all their valid pixels."""
    colours = [date[..., :3] if date.shape[-1] >= 3 else np.repeat(date[..., :1], 3, axis=-1) for date in dates]
    is_eight_bits = dates[0].dtype == np.uint8
    if not valid.any() or (is_eight_bits and not stretch_eight_bits):
        return [np.where(valid[..., np.newaxis], date, NO_DATA).astype(np.uint8) for date in colours]
    known = np.concatenate([date[valid] for date in colours])
    if is_eight_bits:
        table = _stretched(np.arange(256), *np.percentile(known, STRETCH_PERCENTILES))
        return [np.where(valid[..., np.newaxis], table[date], np.uint8(NO_DATA)) for date in colours]
    low, high = np.percentile(known.astype(np.float64), STRETCH_PERCENTILES, axis=0)
    shown = [np.full(date.shape, NO_DATA, np.uint8) for date in colours]
    for picture, date in zip(shown, colours, strict=True):
        picture[valid] = _stretched(date[valid], low, high)
    return shown


def _stretched(
    numbers: NDArray, low: NDArray[np.float64] | float, high: NDArray[np.float64] | float
) -> NDArray[np.uint8]:
    """Numbers (..., C) with `low` at 0 and `high` at 255."""
    unit = (numbers.astype(np.float64) - low) / np.where(high > low, high - low, 1)
    return np.asarray(np.rint(255 * np.clip(unit, 0, 1)), np.uint8)
