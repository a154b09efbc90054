"""What sets two dates of one place apart and is no change: season, shadows, haze, the camera, a shift."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from minenetcd.synthetic.canvas.noise import Canvas, Field, log_uniform, warped
from minenetcd.synthetic.canvas.shapes import Blob, random_blob, random_box
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
    """Shadows, their shade bluish as the sky."""
    light = np.ones(picture.shape[1:], np.float32)
    kind = (_of_clouds, _of_slopes, _of_buildings)[rng.integers(3)]
    for shape, edge in kind(rng, canvas.size):
        shade = ndimage.gaussian_filter((shape.field(canvas) > 0).astype(np.float32), edge, truncate=2.5)
        light = np.minimum(light, 1 - shade)
    dark = np.float32(rng.uniform(0.25, 0.65)) * np.array([1.06, 1.0, 0.88], np.float32)
    return picture * (1 - (1 - light) * dark[:, None, None])


def _of_clouds(rng: Generator, size: int) -> list[tuple[Blob, float]]:
    """Outlines of one or two large soft shadows, and the width of their edges. [pixels]"""
    return [
        (random_blob(rng, *_place(rng, size), log_uniform(rng, 0.12, 0.35) * size), rng.uniform(2, 0.05 * size + 2))
        for _ in range(rng.integers(1, 3))
    ]


def _of_slopes(rng: Generator, size: int) -> list[tuple[Blob, float]]:
    """One to three with hard edges, of slopes, pit walls and halls."""
    return [
        (_blob_or_box(rng, size, log_uniform(rng, 6, 0.3 * size)), rng.uniform(0.4, 2.0))
        for _ in range(rng.integers(1, 4))
    ]


def _of_buildings(rng: Generator, size: int) -> list[tuple[Blob, float]]:
    """Many small ones, of houses and trees."""
    return [
        (_blob_or_box(rng, size, log_uniform(rng, 2, 14)), rng.uniform(0.4, 1.2)) for _ in range(rng.integers(3, 13))
    ]


def _blob_or_box(rng: Generator, size: int, radius: float) -> Blob:
    shape = random_blob if rng.random() < 0.5 else random_box
    return shape(rng, *_place(rng, size), radius)


def _place(rng: Generator, size: int) -> tuple[float, float]:
    x, y = rng.uniform(0, size, 2)
    return float(x), float(y)


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
