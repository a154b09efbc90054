"""Outlines: blobs, polygons and lines, as fields or masks over a canvas.

A field is positive inside its shape and counts, roughly, the pixels to its edge.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from minenetcd.synthetic.canvas.noise import Canvas, Field, Mask


@dataclass(frozen=True)
class Blob:
    """A rounded, squarish or lobed outline: radius in pixels, x right and y down, angle in radians."""

    x: float
    y: float
    radius: float
    elongation: float = 1.0
    angle: float = 0.0
    form: str = "round"  # or "squarish" or "box"
    lobes: tuple[tuple[float, float], ...] = ()  # amplitude and phase of harmonics 2, 3, 4 ... of the radius
    raggedness: float = 0.1  # how far the warp moves the edge, in radii

    def local(self, canvas: Canvas, warp: tuple[Field, Field] | None) -> tuple[Field, Field]:
        """Coordinates along and across the blob's long axis, in pixels."""
        dx, dy = canvas.x - np.float32(self.x), canvas.y - np.float32(self.y)
        if warp is not None and self.raggedness:
            reach = np.float32(self.raggedness * self.radius)
            dx, dy = dx + reach * warp[0], dy + reach * warp[1]
        cos, sin = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        return dx * cos + dy * sin, dy * cos - dx * sin

    def field(self, canvas: Canvas, warp: tuple[Field, Field] | None = None) -> Field:
        """Pixels to the edge, positive inside."""
        stretch = np.float32(self.elongation**0.5)
        u, v = self.local(canvas, warp)
        u, v = u / stretch, v * stretch
        distance = np.sqrt(u * u + v * v) + np.float32(1e-3)
        reach = np.full_like(distance, self.radius)
        if self.lobes:
            reach *= self._swelling(u / distance, v / distance)
        if self.form == "squarish":
            return reach - np.sqrt(np.sqrt((u * u) ** 2 + (v * v) ** 2))
        if self.form == "box":
            return reach - np.maximum(np.abs(u), np.abs(v))
        return reach - distance

    def _swelling(self, cos: Field, sin: Field) -> Field:
        """1 plus the harmonics, at the direction with this cosine and sine."""
        swelling = np.ones_like(cos)
        cos_k, sin_k = cos, sin
        for amplitude, phase in self.lobes:
            cos_k, sin_k = cos_k * cos - sin_k * sin, sin_k * cos + cos_k * sin
            swelling += np.float32(amplitude * np.cos(phase)) * cos_k + np.float32(amplitude * np.sin(phase)) * sin_k
        return swelling

    def shrunk(self, share: float, towards: float) -> "Blob":
        """The blob at `share` of its radius, moved so that its rim in direction `towards` stays where it was."""
        step = self.radius * (1 - share) * 0.9
        return replace(
            self, x=self.x + step * np.cos(towards), y=self.y + step * np.sin(towards), radius=self.radius * share
        )


def random_blob(rng: Generator, x: float, y: float, radius: float) -> Blob:
    """A blob with its own stretch, corners, lobes and raggedness."""
    lobes = tuple((float(rng.normal(0, 0.16 / k**0.7)), float(rng.uniform(0, 2 * np.pi))) for k in range(1, 5))
    return Blob(
        x=x,
        y=y,
        radius=radius,
        elongation=float(np.exp(abs(rng.normal(0, 0.45)))),
        angle=float(rng.uniform(0, np.pi)),
        form=str(rng.choice(["round", "round", "squarish"])),
        lobes=lobes,
        raggedness=float(rng.uniform(0.03, 0.16)),
    )


def random_box(rng: Generator, x: float, y: float, radius: float) -> Blob:
    """A nearly straight-edged rectangle, as people lay out pads and basins."""
    return Blob(
        x=x,
        y=y,
        radius=radius,
        elongation=float(rng.uniform(1.0, 2.2)),
        angle=float(rng.uniform(0, np.pi)),
        form="box",
        raggedness=float(rng.uniform(0.0, 0.03)),
    )


def winding_line(rng: Generator, start: NDArray, end: NDArray, wander: float) -> NDArray[np.float32]:
    """Points (n, 2), about a pixel apart, from start to end; `wander` is the sideways swing as a share of length."""
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    length = float(np.hypot(*(end - start))) + 1e-6
    across = np.array([-(end - start)[1], (end - start)[0]]) / length
    t = np.linspace(0, 1, int(length * 1.4) + 2)
    swing = sum(rng.normal(0, wander / k**1.3) * np.sin(np.pi * k * t) for k in range(1, 7))
    return (start + t[:, None] * (end - start) + swing[:, None] * across * length).astype(np.float32)


def line_mask(canvas: Canvas, points: NDArray, width: float) -> Mask:
    """Pixels within width / 2 of the points (n, 2) in x, y."""
    mask = np.zeros((canvas.size, canvas.size), bool)
    radius = max(width / 2, 0.5)
    reach = int(np.ceil(radius))
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    keep = dx * dx + dy * dy <= radius * radius
    points = points[:: max(1, int(radius * 0.3))]
    near = np.all((points > -reach - 1) & (points < canvas.size + reach), axis=1)
    centres = np.rint(points[near]).astype(np.int32)
    columns = (centres[:, :1] + dx[keep][None, :]).ravel()
    rows = (centres[:, 1:] + dy[keep][None, :]).ravel()
    inside = (columns >= 0) & (columns < canvas.size) & (rows >= 0) & (rows < canvas.size)
    mask[rows[inside], columns[inside]] = True
    return mask


@dataclass(frozen=True)
class Box:
    """A turned rectangle in pixels: centre, half length, half width, angle in radians."""

    x: float
    y: float
    half_length: float
    half_width: float
    angle: float

    def window(self, canvas: Canvas) -> tuple[slice, slice, Mask] | None:
        """Rows, columns and the mask inside them; None when the box lies off the canvas."""
        reach = int(np.ceil(np.hypot(self.half_length, self.half_width))) + 1
        top, left = int(self.y) - reach, int(self.x) - reach
        rows = slice(max(top, 0), min(top + 2 * reach + 1, canvas.size))
        columns = slice(max(left, 0), min(left + 2 * reach + 1, canvas.size))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        dx, dy = canvas.x[:, columns] - self.x, canvas.y[rows] - self.y
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        inside = (np.abs(dx * cos + dy * sin) <= self.half_length) & (np.abs(dy * cos - dx * sin) <= self.half_width)
        return rows, columns, inside


def disc_window(canvas: Canvas, x: float, y: float, radius: float) -> tuple[slice, slice, Field] | None:
    """Rows, columns and the distance to the centre inside them, in radii; None when off the canvas."""
    reach = int(np.ceil(radius)) + 1
    rows = slice(max(int(y) - reach, 0), min(int(y) + reach + 1, canvas.size))
    columns = slice(max(int(x) - reach, 0), min(int(x) + reach + 1, canvas.size))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    distance = np.hypot(canvas.x[:, columns] - x, canvas.y[rows] - y) / max(radius, 0.5)
    return rows, columns, distance.astype(np.float32)


def polar(canvas: Canvas, x: float, y: float) -> tuple[Field, Field]:
    """Distance in pixels and angle in radians around a point."""
    dx, dy = canvas.x - np.float32(x), canvas.y - np.float32(y)
    return np.sqrt(dx * dx + dy * dy), np.arctan2(dy, dx)
