"""What a camera and an image archive do to a view: displacement, blur, tone, noise, compression."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from minenetcd.synthetic.canvas.noise import Canvas, Field, displaced, smooth


@dataclass(frozen=True)
class Sensor:
    """How one date was taken and processed."""

    blur: float  # standard deviation, pixels
    shrink: float  # resampled by this factor and back; 1 is never
    sharpen: float
    gain: tuple[float, ...]  # of each band
    offset: tuple[float, ...]
    gamma: float
    contrast: float
    saturation: float
    noise: float  # standard deviation, 0..1
    quality: int | None  # of the JPEG file; None is lossless
    shift: tuple[float, float]  # pixels
    wobble: float  # local displacement, pixels
    lean: tuple[float, ...]  # displacement in x and y for each pixel of height


def draw_sensors(rng: Generator, *, full: bool) -> tuple[Sensor, Sensor]:
    """Both dates' sensors; the first defines the grid, the second may lie up to 2 px off it."""
    plain = 0.0 if full else 1.0
    spread = 1.0 if full else 0.35
    alike = rng.random() < 0.3  # one archive, one processing
    before, after = (
        _draw_sensor(rng, spread=spread * (0.4 if alike else 1.0), plain=plain, moved=date == 1) for date in range(2)
    )
    return before, after


def _draw_sensor(rng: Generator, *, spread: float, plain: float, moved: bool) -> Sensor:
    direction = rng.uniform(0, 2 * np.pi)
    distance = min(float(rng.exponential(0.6)), 1.6) * moved * (1 - 0.7 * plain)
    cast = rng.normal(0, 0.035 * spread, 3)
    return Sensor(
        blur=float(rng.uniform(0.3, 0.7) if rng.random() < 0.5 + 0.5 * plain else rng.uniform(0.6, 1.7)),
        shrink=float(rng.uniform(1.3, 2.8)) if rng.random() < 0.22 * (1 - plain) else 1.0,
        sharpen=float(rng.uniform(0.3, 1.4)) if rng.random() < 0.3 * (1 - plain) else 0.0,
        gain=tuple(float(v) for v in np.exp(rng.normal(0, 0.12 * spread) + cast)),
        offset=tuple(float(v) for v in rng.normal(0, 0.009 * spread, 3) + rng.normal(0, 0.025 * spread)),
        gamma=float(np.exp(rng.normal(0, 0.2 * spread))),
        contrast=float(np.exp(rng.normal(-0.05, 0.15 * spread))),
        saturation=float(np.clip(np.exp(rng.normal(-0.1, 0.3 * spread)), 0.0, 1.4)),
        noise=float(rng.exponential(0.008)) if rng.random() < 0.6 else 0.0,
        quality=int(rng.integers(38, 96)) if rng.random() < 0.7 - 0.4 * plain else None,
        shift=(float(distance * np.cos(direction)), float(distance * np.sin(direction))),
        wobble=float(rng.uniform(0, 0.35)) * moved * (1 - plain),
        lean=tuple(float(v) for v in rng.normal(0, 0.05, 2) * (1 - plain)),
    )


def displace(rng: Generator, picture: Field, canvas: Canvas, height: Field, sensor: Sensor) -> Field:
    """Shift, bend and lean the picture; no pixel moves more than 2 pixels."""
    steady = sensor.wobble == 0 and sensor.lean == (0.0, 0.0)
    if steady and sensor.shift == (0.0, 0.0):
        return picture
    relief = height - height.mean()
    bends = [np.float32(sensor.wobble) * smooth(rng, canvas, max(canvas.size / 3, 8)) for _ in range(2)]
    dx, dy = (
        shift + bend + np.clip(lean * relief, -0.8, 0.8)
        for shift, bend, lean in zip(sensor.shift, bends, sensor.lean, strict=True)
    )
    reach = np.sqrt(dx * dx + dy * dy)
    limit = np.minimum(1, np.float32(2.0) / np.maximum(reach, np.float32(1e-6)))
    return displaced(picture, dx * limit, dy * limit)


def focus(picture: Field, sensor: Sensor) -> Field:
    """Optical blur, resampling and sharpening."""
    if sensor.shrink > 1.05:
        picture = resampled(picture, sensor.shrink)
    blurred = np.stack([ndimage.gaussian_filter(band, sensor.blur, truncate=2.5) for band in picture])
    if sensor.sharpen:
        soft = np.stack([ndimage.gaussian_filter(band, 1.0, truncate=2) for band in blurred])
        blurred = blurred + np.float32(sensor.sharpen) * (blurred - soft)
    return blurred


def resampled(picture: Field, factor: float) -> Field:
    """Down by the factor and up again, as when a coarser image is laid on a finer grid."""
    size = picture.shape[-1]
    small = max(round(size / factor), 4)
    bands = []
    for band in picture:
        image = Image.fromarray(band)
        coarse = image.resize((small, small), Image.Resampling.BOX)
        bands.append(np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC)))
    return np.stack(bands)


def tone(picture: Field, sensor: Sensor) -> Field:
    """Saturation, then the tone curve of each band."""
    grey = (picture[0] + picture[1] + picture[2]) * np.float32(1 / 3)
    picture = grey + np.float32(sensor.saturation) * (picture - grey)
    index = np.clip((picture + np.float32(0.25)) * np.float32(2047), 0, 4095).astype(np.int32)
    return np.stack([curve(sensor, band).take(index[band]) for band in range(3)])


def curve(sensor: Sensor, band: int) -> Field:
    """What a band's values from -0.25 to 1.75 become, in 4096 steps; a toe and a gamma, no hard clip below."""
    value = (np.arange(4096) / 2047 - 0.25) * sensor.gain[band] + sensor.offset[band]
    value = 0.4 + sensor.contrast * (value - 0.4)
    toe = 0.02
    value = np.where(value > toe, value, toe * np.exp(np.minimum(value / toe - 1, 0)))
    return np.power(np.minimum(value, 1.2), sensor.gamma).astype(np.float32)


def record(rng: Generator, picture: Field, sensor: Sensor) -> NDArray[np.uint8]:
    """Noise, eight bits and the archive's compression: (H, W, 3)."""
    if sensor.noise:
        picture = picture + np.float32(sensor.noise) * rng.standard_normal(picture.shape, dtype=np.float32)
    pixels = np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
    pixels = np.ascontiguousarray(pixels.transpose(1, 2, 0))
    if sensor.quality is None:
        return pixels
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=sensor.quality)
    return np.array(Image.open(file))
