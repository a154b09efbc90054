"""Masks as pictures: alone, and against the truth in the colours of the paper's figures 10 to 12."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minenetcd.constants import UNKNOWN
from minenetcd.display.palettes import AGREEMENT, CHANGED, NOT_LABELLED, UNCHANGED, rgb


def mask_picture(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """White changed (1), black unchanged (0), grey not labelled (255): (H, W) -> (H, W, 3)."""
    colours = np.array([rgb(UNCHANGED), rgb(CHANGED), rgb(NOT_LABELLED)], np.uint8)
    return colours[np.where(mask == UNKNOWN, 2, mask == 1)]


def agreement_picture(prediction: NDArray[np.bool_], truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """TP green, TN white, FP red, FN blue, not labelled grey: two masks (H, W) -> uint8 (H, W, 3)."""
    names = ("true negative", "false positive", "false negative", "true positive", "not labelled")
    colours = np.array([rgb(AGREEMENT[name]) for name in names], np.uint8)
    code = 2 * (truth == 1).astype(np.uint8) + prediction
    return colours[np.where(truth == UNKNOWN, 4, code)]


def agreement_legend(*truths: NDArray[np.uint8]) -> dict[str, str]:
    """What the colours of agreement with `truths` mean; "not labelled" only where it is seen."""
    is_seen = any((truth == UNKNOWN).any() for truth in truths)
    return {name: colour for name, colour in AGREEMENT.items() if name != "not labelled" or is_seen}


def save_mask(prediction: NDArray[np.bool_], path: Path) -> None:
    """8-bit grey PNG: 255 changed, 0 unchanged."""
    Image.fromarray(prediction.astype(np.uint8) * 255).save(path, optimize=True)


def save_agreement(prediction: NDArray[np.bool_], truth: NDArray[np.uint8], path: Path) -> None:
    """`agreement_picture` as an indexed PNG of the same colours."""
    image = Image.fromarray(agreement_picture(prediction, truth))
    image.quantize(colors=8, dither=Image.Dither.NONE).save(path, optimize=True)
