"""The small pictures of a series."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.display.palettes import rgb
from minenetcd.monitoring.dates.first_change import NEVER, NOT_KNOWN
from minenetcd.prediction.rasters.scene_rasters import MOST_ROWS, read_window
from minenetcd.prediction.report.figures import enlarged, pale_image, with_alpha

FILL = 0.78


def small_when(path: Path, window: Window, shape: tuple[int, int]) -> NDArray[np.uint16]:
    """The earliest date of change below each pixel of a smaller `shape` (H, W), so that no small site is lost.

    0 where none changed, 65535 where nothing is known.
    """
    small = np.empty(shape, dtype=np.uint16)
    rows, columns = (np.arange(n + 1) * side // n for n, side in zip(shape, (window.height, window.width), strict=True))
    step = max(1, MOST_ROWS * shape[0] // window.height)
    for first in range(0, shape[0], step):
        last = min(first + step, shape[0])
        top, bottom = rows[first], rows[last]
        when = read_window(path, Window(window.col_off, window.row_off + top, window.width, bottom - top))
        places = rows[first:last] - top, columns[:-1]
        is_known = _reduced(np.logical_or, when != NOT_KNOWN, places)
        earliest = _reduced(np.minimum, np.where(when == NEVER, np.uint16(NOT_KNOWN), when), places)
        small[first:last] = np.where(is_known & (earliest == NOT_KNOWN), np.uint16(NEVER), earliest)
    return small


def _reduced(reduction: np.ufunc, values: NDArray[Any], places: tuple[NDArray[Any], NDArray[Any]]) -> NDArray[Any]:
    """Values (H, W) in the parts that begin at these rows and columns."""
    return np.asarray(reduction.reduceat(reduction.reduceat(values, places[0], axis=0), places[1], axis=1))


def when_image(colours: NDArray[np.uint8], when: NDArray[np.uint16], legend: Mapping[int, str]) -> NDArray[np.uint8]:
    """Dates of change in the colours of `legend` over the paled image (H, W, 3) -> (k H, k W, 4)."""
    colours, when = enlarged(colours, when)
    shown = pale_image(colours)
    for number, colour in legend.items():
        where = when == number
        shown[where] = (1 - FILL) * shown[where] + FILL * np.array(rgb(colour))
    return with_alpha(np.rint(shown).astype(np.uint8), when != NOT_KNOWN)
