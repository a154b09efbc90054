"""What detectors see of a file's numbers: which of them become 0 and 1, and 8 bits for training data.

What is shown to people is another matter (`minenetcd.display.eight_bit`).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Share of valid pixels left outside the value range at either end, for images that are not 8-bit. [percent]
STRETCH_PERCENTILE = 1.0

#: Side of the reduced scene from which its value range is taken. [pixels]
RANGE_SIDE = 1024


class Limits(NamedTuple):
    """The values that become 0 and 1, per band (C,)."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]


def value_limits(image: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> Limits:
    """The value range of `image` (H, W, C) for a detector: 0 to 255 for 8 bits, else percentiles of its valid pixels.

    0 to 1 where no pixel is valid and finite.
    """
    bands = image.shape[-1]
    if image.dtype == np.uint8:
        return same_limits(0, 255, bands)
    pixels = image.reshape(-1, bands) if valid is None else image[valid]
    pixels = pixels[np.isfinite(pixels).all(axis=-1)]
    if not len(pixels):
        return same_limits(0, 1, bands)
    low, high = _percentiles(pixels)
    return Limits(low.astype(np.float32), np.where(high > low, high, low + 1).astype(np.float32))


def stretch_limits(pixels: NDArray[Any]) -> Limits:
    """The value range of training data, from valid pixels (N, C) that are not 8-bit; 0 to 1 where there are none.

    It differs from `value_limits` where both percentiles are one number in single precision but not in double.
    """
    if not len(pixels):
        return same_limits(0, 1, pixels.shape[-1])
    low, high = _percentiles(pixels).astype(np.float32)
    return Limits(low, np.where(high > low, high, low + 1))


def same_limits(low: float, high: float, bands: int) -> Limits:
    """One value range for all bands."""
    return Limits(np.full(bands, low, np.float32), np.full(bands, high, np.float32))


def to_eight_bits(pixels: NDArray[Any], limits: Limits) -> NDArray[np.uint8]:
    """Pixels (H, W, C) with `limits` at 0 and 255; what lies beyond is cut off, what is no number becomes 0."""
    unit = np.nan_to_num((pixels.astype(np.float32) - limits.low) / (limits.high - limits.low))
    levels: NDArray[np.floating] = np.rint(255 * np.clip(unit, 0, 1))
    return levels.astype(np.uint8)


def _percentiles(pixels: NDArray[Any]) -> NDArray[np.floating]:
    """Low and high (2, C) of pixels (N, C)."""
    ends: NDArray[np.floating] = np.percentile(pixels, (STRETCH_PERCENTILE, 100 - STRETCH_PERCENTILE), axis=0)
    return ends
