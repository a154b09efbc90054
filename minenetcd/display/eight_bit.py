"""What eyes see of a raster: its numbers in 8 bits and three colours, for pictures; detectors see other numbers."""

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
    chosen = pixels[..., :3] if pixels.shape[-1] >= 3 else np.repeat(pixels[..., :1], 3, axis=-1)
    is_eight_bits = pixels.dtype == np.uint8
    if not valid.any() or (is_eight_bits and not stretch_eight_bits):
        return np.where(valid[..., np.newaxis], chosen, NO_DATA).astype(np.uint8)
    known = chosen[valid].astype(np.float64)
    low, high = np.percentile(known, STRETCH_PERCENTILES, axis=None if is_eight_bits else 0)
    shown = np.full(chosen.shape, NO_DATA, np.uint8)
    shown[valid] = np.rint(255 * np.clip((known - low) / np.where(high > low, high - low, 1), 0, 1)).astype(np.uint8)
    return shown
