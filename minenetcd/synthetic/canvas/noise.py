"""Random fields: the raw stuff that relief, textures, outlines and haze are made of.

Every field is float32 (size, size) over a Canvas. Wavelengths are in pixels.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import fft, ndimage

Field = NDArray[np.floating]  # float32 as it runs; a Python number beside it is float64 to a checker
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Canvas:
    """A square of size x size pixels, and the grids that all drawing shares."""

    size: int
    metres_per_pixel: float

    def pixels(self, metres: float) -> float:
        """Length in pixels of a length in metres."""
        return metres / self.metres_per_pixel

    @cached_property
    def x(self) -> Field:
        """Column index, (1, size)."""
        return np.arange(self.size, dtype=np.float32)[None, :]

    @cached_property
    def y(self) -> Field:
        """Row index, (size, 1)."""
        return np.arange(self.size, dtype=np.float32)[:, None]

    @cached_property
    def spectrum_size(self) -> int:
        """Side of the Fourier grid, which is quick to transform and covers the canvas."""
        return int(fft.next_fast_len(self.size, real=True))

    @cached_property
    def log_frequency(self) -> Field:
        """Natural logarithm of the frequency in cycles per pixel, on the half plane of a real transform."""
        rows = np.fft.fftfreq(self.spectrum_size)[:, None]
        columns = np.fft.rfftfreq(self.spectrum_size)[None, :]
        radius = np.hypot(rows, columns)
        radius[0, 0] = 1e-9
        return np.log(radius).astype(np.float32)


def standardise(field: Field) -> Field:
    """The field with mean 0 and standard deviation 1."""
    field = field - field.mean()
    return field * np.float32(1 / (np.sqrt(np.mean(field * field)) + 1e-9))


def fractal(rng: Generator, canvas: Canvas, *, longest: float, shortest: float = 2.0, slope: float = 1.6) -> Field:
    """Standardised noise whose amplitude falls as frequency ** -slope between two wavelengths in pixels.

    slope 0 is white, 1 is pink, 2 is smooth hills.
    """
    n = canvas.spectrum_size
    longest = min(longest, n)
    shortest = min(max(shortest, 2.0), longest / 1.5)
    half = min(int(1.05 * n / shortest) + 1, n // 2)  # only the frequencies below this are drawn
    rows = np.r_[0:half, n - half : n]
    log_k = canvas.log_frequency[rows, : half + 1]
    amplitude = np.exp(np.float32(-slope) * log_k)
    amplitude *= (log_k >= np.float32(-np.log(longest * 1.05))) & (log_k <= np.float32(-np.log(shortest / 1.05)))
    white = rng.standard_normal((*amplitude.shape, 2), dtype=np.float32)
    white *= amplitude[..., None]
    spectrum = np.zeros((n, n // 2 + 1), np.complex64)
    spectrum[rows, : half + 1] = white.view(np.complex64)[..., 0]
    return standardise(fft.irfft2(spectrum, s=(n, n))[: canvas.size, : canvas.size])


def spline_weights(length: int, spacing: float, offset: float) -> NDArray[np.float32]:
    """Cubic B-spline weights (length, knots) that carry knots `spacing` pixels apart to every pixel."""
    position = np.arange(length, dtype=np.float32) / spacing + offset
    cell = np.floor(position).astype(int)
    t = position - cell
    weights = np.zeros((length, int(cell[-1]) + 4), np.float32)
    rows = np.arange(length)
    weights[rows, cell] = (1 - t) ** 3 / 6
    weights[rows, cell + 1] = (3 * t**3 - 6 * t**2 + 4) / 6
    weights[rows, cell + 2] = (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6
    weights[rows, cell + 3] = t**3 / 6
    return weights


def smooth(rng: Generator, canvas: Canvas, spacing: float) -> Field:
    """Smooth noise of about unit variance from random knots `spacing` pixels apart; hills are some 3 knots wide."""
    spacing = max(spacing, 1.5)
    rows = spline_weights(canvas.size, spacing, float(rng.random()))
    columns = spline_weights(canvas.size, spacing, float(rng.random()))
    knots = rng.standard_normal((rows.shape[1], columns.shape[1]), dtype=np.float32)
    return rows @ knots @ columns.T * np.float32(1 / 0.479)


def ridges(rng: Generator, canvas: Canvas, *, longest: float, octaves: int, gain: float = 0.5) -> Field:
    """Ridged relief, standardised: each octave is sharp at its zero line and strong only on the crests above it."""
    total = np.zeros((canvas.size, canvas.size), np.float32)
    weight = np.ones_like(total)
    for octave in range(octaves):
        spacing = longest / 3 / 2**octave
        if spacing < 1.5:
            break
        crest = np.clip(1 - np.abs(smooth(rng, canvas, spacing)), 0, 1) ** 2
        total += np.float32(gain**octave) * weight * crest
        weight = np.clip(2.0 * crest * weight, 0.1, 1)
    return standardise(total)


def displaced(field: NDArray, dx: Field, dy: Field) -> NDArray:
    """`field` (..., H, W) read dx, dy pixels away, nearest pixel, edges repeated."""
    height, width = field.shape[-2:]
    columns = np.clip(np.rint(np.arange(width, dtype=np.float32) + dx), 0, width - 1).astype(np.int32)
    rows = np.clip(np.rint(np.arange(height, dtype=np.float32)[:, None] + dy), 0, height - 1).astype(np.int32)
    flat = rows * width + columns
    return field.reshape(*field.shape[:-2], -1).take(flat, axis=-1)


def warped(field: Field, dx: Field, dy: Field) -> Field:
    """`field` (H, W) read dx, dy pixels away, bilinear, reflected at the edges."""
    rows = np.arange(field.shape[0], dtype=np.float32)[:, None] + dy
    columns = np.arange(field.shape[1], dtype=np.float32) + dx
    return ndimage.map_coordinates(field, (rows, columns), order=1, mode="reflect", output=np.float32)


def lowpass(field: Field, radius: float) -> Field:
    """Mean over a square of about 2 * radius + 1 pixels, applied twice: nearly Gaussian, and quick at any radius."""
    side = 2 * max(1, round(radius * 0.7)) + 1
    return ndimage.uniform_filter(ndimage.uniform_filter(field, side, mode="nearest"), side, mode="nearest")


def smoothstep(low: float, high: float, value: Field) -> Field:
    """0 below low, 1 above high, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def log_uniform(rng: Generator, low: float, high: float) -> float:
    """A number whose logarithm is uniform between the two."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
