"""Photometric augmentation of one date: light, colour and sharpness, as another day and another sensor would give."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from minenetcd.data.number_types import as_stored
from minenetcd.geo.values import Limits, robust_limits


@dataclass(frozen=True)
class Tone:
    """How far light and sensor of one date may differ from the other's; each value is drawn evenly between its limits.

    Values are in the unit of an image scaled to 0..1 where they have one.
    """

    brightness: float = 0.1  # added to every band
    contrast: float = 0.25  # 1 +- this, about mid-grey
    gamma: float = 0.3  # exp(+- this)
    gain: float = 0.1  # 1 +- this, each band by itself
    saturation: float = 0.3  # 1 +- this, distance of the bands from their mean
    blur_share: float = 0.1  # of the images, by a Gaussian of 0.4 to 1.2 pixels
    noise_share: float = 0.1  # of the images, white, standard deviation up to 0.03


def jitter(image: Tensor, rng: np.random.Generator, tone: Tone | None = None, limits: Limits | None = None) -> Tensor:
    """Change light, colour and sharpness of one date (C, H, W), which keeps its number type.

    8 bits are changed as they are, other numbers between `limits`, by default the image's own; what lies beyond them is
    cut off, and pixels that are 0 in all bands, as those without data are, stay so.
    """
    tone = tone or Tone()
    if image.dtype == torch.uint8:
        return _sharpened(_toned(image, _tone_curves(image.shape[0], rng, tone)), rng, tone)
    if limits is None:
        limits = robust_limits(image.flatten(1).T.numpy())
    low, high = (torch.from_numpy(end).float().view(-1, 1, 1) for end in limits)
    # between 0 and 255 without being rounded, so that what follows is one for all numbers
    levels = ((image.float() - low) / (high - low)).clamp_(0, 1).mul_(255)
    levels = _sharpened(_toned(levels, _tone_curves(image.shape[0], rng, tone)), rng, tone)
    changed = torch.where((image == 0).all(dim=0), 0.0, levels / 255 * (high - low) + low)
    return as_stored(changed, image.dtype)


def _sharpened(image: Tensor, rng: np.random.Generator, tone: Tone) -> Tensor:
    """Saturation, blur and noise of an image (C, H, W) of 0 to 255."""
    image = _saturated(image, rng.uniform(1 - tone.saturation, 1 + tone.saturation))
    if rng.random() < tone.blur_share:
        image = _blurred(image, sigma=rng.uniform(0.4, 1.2))
    if rng.random() < tone.noise_share:
        image = _noisy(image, rng, deviation=255 * rng.uniform(0, 0.03))
    return image


class _Curves(NamedTuple):
    """How each band is changed value by value: gamma, contrast, brightness, and a gain (bands, 1)."""

    gains: NDArray[np.float64]
    contrast: float
    brightness: float
    gamma: float

    def at(self, unit: NDArray[np.floating]) -> NDArray[np.floating]:
        """Of values 0 to 1, (N,) or (bands, N)."""
        curves = ((unit**self.gamma - 0.5) * self.contrast + 0.5 + self.brightness) * self.gains
        return 255 * curves.clip(0, 1)


def _tone_curves(bands: int, rng: np.random.Generator, tone: Tone) -> _Curves:
    gains = rng.uniform(1 - tone.gain, 1 + tone.gain, size=(bands, 1))
    contrast, brightness = rng.uniform(1 - tone.contrast, 1 + tone.contrast), rng.uniform(-1, 1) * tone.brightness
    return _Curves(gains, contrast, brightness, np.exp(rng.uniform(-1, 1) * tone.gamma))


def _toned(image: Tensor, curves: _Curves) -> Tensor:
    """8 bits by one table a band, since each value is changed by itself."""
    bands = np.ascontiguousarray(image.numpy())
    if bands.dtype != np.uint8:
        values = bands.reshape(len(bands), -1) / np.float32(255)
        return torch.from_numpy(curves.at(values).reshape(bands.shape).astype(np.float32))
    table = curves.at(np.arange(256, dtype=np.float32) / 255).round().astype(np.uint8)
    return torch.from_numpy(np.stack([curve.take(band) for curve, band in zip(table, bands, strict=True)]))


def _saturated(image: Tensor, factor: float) -> Tensor:
    """Bands moved away from their mean (factor > 1) or towards it; one band stays as it is."""
    if image.shape[0] == 1:
        return image
    values = image.float()
    return _cut(torch.lerp(values.mean(dim=0, keepdim=True), values, factor), image)


def _blurred(image: Tensor, *, sigma: float) -> Tensor:
    """Gaussian of 5 x 5 pixels, reflected at the edges: v2.gaussian_blur from shifted sums, three times as fast."""
    weights = np.exp(-0.5 * (np.arange(3) / sigma) ** 2)
    weights /= 2 * weights.sum() - weights[0]
    x = functional.pad(image.float()[None], (2, 2, 2, 2), mode="reflect")[0]
    for dim in (1, 2):
        size = x.shape[dim] - 4
        total = x.narrow(dim, 2, size) * float(weights[0])
        for offset in (1, 2):
            for start in (2 - offset, 2 + offset):
                total.add_(x.narrow(dim, start, size), alpha=float(weights[offset]))
        x = total
    return _cut(x, image)


def _noisy(image: Tensor, rng: np.random.Generator, *, deviation: float) -> Tensor:
    """White noise of a standard deviation [grey levels], even between its limits: seven times as fast as normal."""
    noise = torch.from_numpy(rng.integers(0, 256, image.shape, dtype=np.uint8)).float()
    scale = deviation / np.sqrt((256**2 - 1) / 12)
    return _cut(noise.sub_(127.5).mul_(float(scale)).add_(image), image)


def _cut(values: Tensor, like: Tensor) -> Tensor:
    """Float (C, H, W), which it overwrites, cut off at 0 and 255, in the type of `like`.

    NumPy casts to 8 bits four times as fast as torch.
    """
    if like.dtype != torch.uint8:
        return values.clamp_(0, 255)
    return torch.from_numpy(values.round_().clamp_(0, 255).numpy().astype(np.uint8))
