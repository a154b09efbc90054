"""The images of a report, RGBA."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_erosion

from minenetcd.constants import UNKNOWN
from minenetcd.display.agreement import agreement_picture
from minenetcd.display.palettes import CHANGE_EDGE, CHANGE_FILL, OPINIONS, PROBABILITY, blended, rgb

FILL_SHARE = 0.55

#: In a legend: ground of middling brightness in `change_image`, and what changed on it, with its edge.
UNCHANGED_SWATCH = "#b9bab5"
CHANGED_SWATCH = f"{blended(CHANGE_FILL, UNCHANGED_SWATCH, FILL_SHARE)}; border-color: {CHANGE_EDGE}"

DRAWN_SIDE = 900  # pixels; smaller images are enlarged by whole numbers up to it, so that outlines stay fine


def date_image(colours: NDArray[np.uint8], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """One date (H, W, 3), transparent where there is no data (H, W, 4)."""
    return with_alpha(colours, valid)


def change_image(colours: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Changed pixels shaded and outlined over the paled image: (H, W, 3), mask (H, W) -> (k H, k W, 4)."""
    colours, mask = enlarged(colours, mask)
    pale, changed = pale_image(colours), mask == 1
    pale[changed] = (1 - FILL_SHARE) * pale[changed] + FILL_SHARE * np.array(rgb(CHANGE_FILL))
    pale[changed & ~binary_erosion(changed, border_value=1)] = rgb(CHANGE_EDGE)
    return with_alpha(np.rint(pale).astype(np.uint8), mask != UNKNOWN)


def opinions_image(
    colours: NDArray[np.uint8], first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """What two masks (H, W) call changed, over the paled image (H, W, 3): both, one alone (k H, k W, 4)."""
    colours, first, second = enlarged(colours, first, second)
    pale, shares = pale_image(colours), {"both": 0.75, "first": 0.8, "second": 0.8}
    for name, where in zip(shares, ((first == 1) & (second == 1), first == 1, second == 1), strict=True):
        alone = where if name == "both" else where & ((first == 1) ^ (second == 1))
        pale[alone] = (1 - shares[name]) * pale[alone] + shares[name] * np.array(rgb(OPINIONS[name]))
    return with_alpha(np.rint(pale).astype(np.uint8), first != UNKNOWN)


def probability_image(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Probability (H, W) in its colours, transparent where it is NaN (H, W, 4)."""
    known = np.isfinite(probability)
    place = np.where(known, probability, 0)
    anchors = np.linspace(0, 1, len(PROBABILITY))
    levels = (np.interp(place, anchors, channel) for channel in zip(*map(rgb, PROBABILITY), strict=True))
    return with_alpha(np.stack([np.rint(channel).astype(np.uint8) for channel in levels], axis=-1), known)


def agreement_image(mask: NDArray[np.uint8], truth: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Where mask and truth (H, W) agree, sampled at `shape`; transparent where the mask is not known (h, w, 4)."""
    rows, cols = ((np.arange(n) + 0.5) * side / n for n, side in zip(shape, mask.shape, strict=True))
    sampled = np.ix_(rows.astype(int), cols.astype(int))
    mask, truth = mask[sampled], truth[sampled]
    return with_alpha(agreement_picture(mask == 1, truth), mask != UNKNOWN)


def enlarged(*arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Images and masks (H, W, ...) by the whole number that brings them near to DRAWN_SIDE."""
    factor = max(1, DRAWN_SIDE // max(arrays[0].shape[:2]))
    return tuple(array.repeat(factor, axis=0).repeat(factor, axis=1) for array in arrays)


def pale_image(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """An image (H, W, 3) in pale and greyish colours, on which marks stand out."""
    grey = colours.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(0.25 * colours + 0.45 * grey[..., np.newaxis] + 0.3 * 255, np.float32)


def with_alpha(colours: NDArray[np.uint8], known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(H, W, 3), transparent where it is not `known` (H, W) -> (H, W, 4)."""
    image = Image.fromarray(colours)
    image.putalpha(Image.fromarray(known.view(np.uint8) * np.uint8(255)))
    return np.array(image)
