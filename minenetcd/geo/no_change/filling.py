"""Filling around a scene that no file calls nodata: 0 in every band of both dates."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: From this share of the pixels on, such pixels are filling, and not black ground. None of 38 real pairs without
#: filling has a tenth of it.
LEAST_FILLING = 0.05


def is_empty(before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.bool_]:
    """Which pixels (..., p) of both dates are 0 throughout."""
    empty: NDArray[np.bool_] = np.all(before == 0, axis=-1) & np.all(after == 0, axis=-1)
    return empty
