"""The truth: where mining changed the ground, generalised as people draw it."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from minenetcd.synthetic.canvas.ground import NATURAL, Ground
from minenetcd.synthetic.canvas.noise import Mask, lowpass
from minenetcd.synthetic.mining.site import Site


def changed(site: Site, before: Ground, after: Ground) -> NDArray[np.uint8]:
    """1 where the owner of the ground differs, or where an owned surface was dug or heaped by half a bench."""
    mask = before.owner != after.owner
    owned = (before.owner != NATURAL) & (after.owner != NATURAL)
    if owned.any():
        moved = lowpass(np.abs(after.height - before.height), max(site.bench_spacing * 0.5, 1))
        mask |= owned & (moved > 0.5 * site.bench_height)
    return generalised(mask, site).astype(np.uint8)


def generalised(mask: Mask, site: Site) -> Mask:
    """Smooth outlines, no specks and no pinholes below the smallest area an annotator draws."""
    if not mask.any():
        return mask
    canvas = site.land.canvas
    side = 3 if canvas.metres_per_pixel > 3 else 5
    mask = ndimage.uniform_filter(mask.astype(np.float32), side, mode="nearest") > 0.5
    least = int(np.clip(canvas.pixels(14) ** 2, 20, 200))
    mask = without_small(mask, least)
    return ~without_small(~mask, least)


def without_small(mask: Mask, least: int) -> Mask:
    """The mask without its pieces of fewer than `least` pixels."""
    pieces, count = ndimage.label(mask)
    if not count:
        return mask
    keep = np.bincount(pieces.ravel(), minlength=count + 1) >= least
    keep[0] = False
    return keep[pieces]
