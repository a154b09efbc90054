"""The images of a report, each as text that a page can hold."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_erosion

from minenetcd.constants import UNKNOWN

Colour = tuple[int, int, int]

# Figures 10 to 12 of the paper.
AGREEMENT: dict[str, Colour] = {
    "true positive": (34, 160, 70),
    "true negative": (255, 255, 255),
    "false positive": (214, 39, 40),
    "false negative": (31, 90, 200),
}
CHANGE_FILL: Colour = (255, 70, 60)
CHANGE_EDGE: Colour = (190, 0, 30)
FILL_SHARE = 0.45

# From certain "unchanged" to certain "changed": lightness falls evenly, so that it also reads in grey.
RAMP: tuple[Colour, ...] = (
    (252, 253, 220), (254, 217, 130), (251, 158, 79), (225, 88, 70), (160, 34, 100), (84, 15, 109), (20, 11, 53),
)  # fmt: skip

DRAWN_SIDE = 900  # pixels; smaller images are enlarged by whole numbers up to it, so that outlines stay fine


def data_uri(pixels: NDArray[np.uint8], *, photograph: bool) -> str:
    """RGBA (H, W, 4) as WebP inside a data URI: maps exactly, photographs in a fifth of the room."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="WEBP", lossless=not photograph, quality=88)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def date_image(colours: NDArray[np.uint8], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """One date (H, W, 3), transparent where there is no data (H, W, 4)."""
    return _with_alpha(colours, valid)


def change_image(colours: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Changed pixels shaded and outlined over the paled image: (H, W, 3), mask (H, W) -> (k H, k W, 4)."""
    factor = max(1, DRAWN_SIDE // max(mask.shape))
    colours, mask = (array.repeat(factor, axis=0).repeat(factor, axis=1) for array in (colours, mask))
    grey = colours.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    pale = 0.25 * colours + 0.45 * grey[..., np.newaxis] + 0.3 * 255
    changed = mask == 1
    pale[changed] = (1 - FILL_SHARE) * pale[changed] + FILL_SHARE * np.array(CHANGE_FILL)
    pale[changed & ~binary_erosion(changed, border_value=1)] = CHANGE_EDGE
    return _with_alpha(np.rint(pale).astype(np.uint8), mask != UNKNOWN)


def probability_image(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Probability (H, W) in the colours of RAMP, transparent where it is NaN (H, W, 4)."""
    known = np.isfinite(probability)
    place = np.where(known, probability, 0)
    anchors = np.linspace(0, 1, len(RAMP))
    channels = [np.interp(place, anchors, [colour[band] for colour in RAMP]) for band in range(3)]
    return _with_alpha(np.rint(np.stack(channels, axis=-1)).astype(np.uint8), known)


def agreement_image(mask: NDArray[np.uint8], truth: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Where mask and truth (H, W) agree, sampled at `shape`; transparent where either is not known (h, w, 4)."""
    rows, cols = ((np.arange(n) + 0.5) * side / n for n, side in zip(shape, mask.shape, strict=True))
    sampled = np.ix_(rows.astype(int), cols.astype(int))
    mask, truth = mask[sampled], truth[sampled]
    table = np.array(list(AGREEMENT.values()), dtype=np.uint8)  # tp, tn, fp, fn
    kind = np.where(truth == 1, np.where(mask == 1, 0, 3), np.where(mask == 1, 2, 1))
    return _with_alpha(table[kind], (mask != UNKNOWN) & (truth != UNKNOWN))


def _with_alpha(colours: NDArray[np.uint8], known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.dstack([colours, np.where(known, 255, 0).astype(np.uint8)])
