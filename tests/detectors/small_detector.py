"""A small network, and pairs that it reacts to."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALL = {"name": "minenetcd", "backbone": "resnet_nano", "decoder_channels": 32, "auxiliary_channels": 16}


def images(height: int = 48, width: int = 64, *, dtype: Any = np.uint8, bands: int = 3) -> tuple[NDArray, NDArray]:
    """Two smooth dates (H, W, bands) over 0..255 with a changed square, as `dtype`."""
    rows, columns = np.mgrid[:height, :width]
    before = np.stack([127 + 120 * np.sin(rows / (5 + b) + columns / (7 + b)) for b in range(bands)], axis=-1)
    after = before.copy()
    after[: height // 2, : width // 2] = 255 - after[: height // 2, : width // 2]
    return before.astype(dtype), after.astype(dtype)
