"""Masks and change maps as pictures, in the colours of the paper's figures 10 to 12."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minenetcd.constants import UNKNOWN
from minenetcd.files import atomic_path

GREEN, WHITE, RED, BLUE, GREY = (0, 200, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255), (128, 128, 128)


def change_map(prediction: NDArray[np.bool_], truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """TP green, TN white, FP red, FN blue, not labelled grey: two masks (H, W) -> uint8 (H, W, 3)."""
    colours = np.array([WHITE, RED, BLUE, GREEN, GREY], np.uint8)
    code = 2 * (truth == 1).astype(np.uint8) + prediction
    return colours[np.where(truth == UNKNOWN, 4, code)]


def save_mask(prediction: NDArray[np.bool_], path: Path) -> None:
    """8-bit grey PNG: 255 changed, 0 unchanged."""
    _save(Image.fromarray(prediction.astype(np.uint8) * 255), path)


def save_change_map(prediction: NDArray[np.bool_], truth: NDArray[np.uint8], path: Path) -> None:
    """`change_map` as an indexed PNG of the same colours."""
    image = Image.fromarray(change_map(prediction, truth))
    _save(image.quantize(colors=8, dither=Image.Dither.NONE), path)


def _save(image: Image.Image, path: Path) -> None:
    with atomic_path(path) as temporary:
        image.save(temporary, format="PNG", optimize=True)
