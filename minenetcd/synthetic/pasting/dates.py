"""What sets two dates of one place apart and is no change: season, shadows, haze, the camera, a shift."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from minenetcd.synthetic.canvas.noise import Canvas, Field, log_uniform, warped
from minenetcd.synthetic.canvas.shapes import random_blob, random_box
from minenetcd.synthetic.light import Sky, veil
from minenetcd.synthetic.pasting.colours import other_season
from minenetcd.synthetic.pasting.rules import PastingRules
from minenetcd.synthetic.sensor import Sensor, focus, record, tone


def view(rng: Generator, canvas: Canvas, picture: Field, rules: PastingRules) -> NDArray[np.uint8]:
    """A date as it was taken: (3, H, W) of 0..1 in, uint8 (H, W, 3) out."""
    if rng.random() < rules.season:
        picture = other_season(rng, picture)
    if rng.random() < rules.shadow:
        picture = _shaded(rng, canvas, picture)
    picture = veil(rng, picture, canvas, _draw_air(rng, rules))
    sensor = _draw_sensor(rng)
    return record(rng, tone(focus(picture, sensor), sensor), sensor)


def shifted(rng: Generator, picture: Field) -> Field:
    """Moved by about a pixel, two at most."""
    angle, distance = rng.uniform(0, 2 * np.pi), min(abs(rng.normal(0, 1)), 2.0)
    dx, dy = (np.float32(distance * part) for part in (np.cos(angle), np.sin(angle)))
    still = np.zeros(picture.shape[1:], np.float32)
    return np.stack([warped(band, still + dx, still + dy) for band in picture])


def _shaded(rng: Generator, canvas: Canvas, picture: Field) -> Field:
    """Shadows as of clouds and slopes, large and soft, or of buildings and trees, small; shade is bluish as the sky."""
    is_large = rng.random() < 0.4
    light = np.ones(picture.shape[1:], np.float32)
    for _ in range(rng.integers(1, 3) if is_large else rng.integers(3, 13)):
        x, y = (float(at) for at in rng.uniform(0, canvas.size, 2))
        radius = log_uniform(rng, 0.12, 0.35) * canvas.size if is_large else log_uniform(rng, 2, 14)
        shape = random_blob(rng, x, y, radius) if is_large or rng.random() < 0.5 else random_box(rng, x, y, radius)
        edge = rng.uniform(2, 0.05 * canvas.size + 2) if is_large else rng.uniform(0.4, 1.2)
        shade = ndimage.gaussian_filter((shape.field(canvas) > 0).astype(np.float32), edge, truncate=2.5)
        light = np.minimum(light, 1 - shade)
    dark = np.float32(rng.uniform(0.25, 0.6)) * np.array([1.06, 1.0, 0.88], np.float32)
    return picture * (1 - (1 - light) * dark[:, None, None])


def _draw_air(rng: Generator, rules: PastingRules) -> Sky:
    """Haze for some dates. The sun is in the images already."""
    grey = rng.uniform(0.5, 0.85)
    return Sky(
        azimuth=0.0,
        elevation=0.0,
        ambient=1.0,
        haze=float(rng.uniform(0.05, 0.35)) if rng.random() < rules.haze else 0.0,
        haze_colour=(float(grey * 0.96), float(grey), float(grey * 1.05)),
        clouds=0.0,
        snow=0.0,
    )


def _draw_sensor(rng: Generator) -> Sensor:
    common = float(np.clip(rng.normal(0, 0.18), -0.36, 0.36))
    return Sensor(
        blur=float(rng.uniform(0.3, 1.3)) if rng.random() < 0.4 else 0.0,
        shrink=1.0,
        sharpen=0.0,
        gain=tuple(float(value) for value in np.exp(common + rng.normal(0, 0.07, 3))),
        offset=tuple(float(value) for value in rng.normal(0, 0.02) + rng.normal(0, 0.006, 3)),
        gamma=float(np.exp(rng.normal(0, 0.12))),
        contrast=1.0,
        saturation=float(np.exp(rng.normal(0, 0.12))),
        noise=float(rng.uniform(0, 0.02)) if rng.random() < 0.4 else 0.0,
        quality=int(rng.integers(50, 96)) if rng.random() < 0.5 else None,
        shift=(0.0, 0.0),
        wobble=0.0,
        lean=(0.0, 0.0),
    )
