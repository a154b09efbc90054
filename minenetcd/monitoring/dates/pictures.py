"""The small pictures of a series."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.display.palettes import rgb
from minenetcd.monitoring.dates.first_change import NEVER, NOT_KNOWN
from minenetcd.prediction.report.figures import enlarged, pale_image, with_alpha
from minenetcd.prediction.report.pictures import blocks

FILL = 0.78


def small_when(path: Path, window: Window, shape: tuple[int, int]) -> NDArray[np.uint16]:
    """The earliest date of change below each pixel of a smaller `shape` (H, W), so that no small site is lost.

    0 where none changed, 65535 where nothing is known.
    """
    small = np.empty(shape, dtype=np.uint16)
    for block in blocks(path, window, shape):
        when = block.pixels
        is_known = block.reduced(np.logical_or, when != NOT_KNOWN)
        earliest = block.reduced(np.minimum, np.where(when == NEVER, np.uint16(NOT_KNOWN), when))
        small[block.rows] = np.where(is_known & (earliest == NOT_KNOWN), np.uint16(NEVER), earliest)
    return small


def when_image(colours: NDArray[np.uint8], when: NDArray[np.uint16], legend: Mapping[int, str]) -> NDArray[np.uint8]:
    """Dates of change in the colours of `legend` over the paled image (H, W, 3) -> (k H, k W, 4)."""
    colours, when = enlarged(colours, when)
    shown = pale_image(colours)
    for number, colour in legend.items():
        where = when == number
        shown[where] = (1 - FILL) * shown[where] + FILL * np.array(rgb(colour))
    return with_alpha(np.rint(shown).astype(np.uint8), when != NOT_KNOWN)
