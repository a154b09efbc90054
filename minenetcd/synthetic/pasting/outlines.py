"""Outlines of what is pasted: lobed blobs with rough borders, rectangles, bands like roads."""

import numpy as np
from numpy.random import Generator

from minenetcd.synthetic.canvas.noise import Canvas, Mask, log_uniform, smooth
from minenetcd.synthetic.canvas.shapes import line_mask, random_blob, random_box, winding_line

#: Shares of blobs and rectangles; the others are bands.
BLOBS, BOXES = 0.65, 0.2
#: The largest radius, as a share of the canvas.
_LARGEST = 1 / 3


def draw_outline(rng: Generator, canvas: Canvas, radius: tuple[float, float]) -> Mask:
    """One outline (size, size) anywhere on the canvas, which may cut it; `radius` is from and to [pixels]."""
    most = min(radius[1], _LARGEST * canvas.size)
    reach = log_uniform(rng, min(radius[0], most), most)
    x, y = rng.uniform(0, canvas.size, 2)
    kind = rng.random()
    if kind < BLOBS:
        spacing = max(reach * rng.uniform(0.2, 0.6), 2.0)
        warp = (smooth(rng, canvas, spacing), smooth(rng, canvas, spacing))
        return np.asarray(random_blob(rng, x, y, reach).field(canvas, warp) > 0)
    if kind < BLOBS + BOXES:
        return np.asarray(random_box(rng, x, y, 0.8 * reach).field(canvas) > 0)
    return _band(rng, canvas, (x, y), reach)


def _band(rng: Generator, canvas: Canvas, centre: tuple[float, float], reach: float) -> Mask:
    """A winding band, as long as 2 to 6 radii and as wide as a sixth to a third of one, 3 pixels at least."""
    angle, half = rng.uniform(0, 2 * np.pi), reach * rng.uniform(1, 3)
    step = np.array([np.cos(angle), np.sin(angle)]) * half
    points = winding_line(rng, np.array(centre) - step, np.array(centre) + step, wander=0.08)
    return line_mask(canvas, points, max(reach * rng.uniform(0.17, 0.35), 3.0))
