"""Photometric augmentation of one date: light, colour and sharpness, as another day and another sensor would give."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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


#: Parts of a grey level in which 8 bits are changed: whole numbers of 16 bits, half the bytes of float32.
_PART_BITS = 6


def jitter(image: Tensor, rng: np.random.Generator, tone: Tone | None = None, limits: Limits | None = None) -> Tensor:
    """Change light, colour and sharpness of one date (C, H, W), which keeps its number type.

    8 bits are changed as they are, other numbers between `limits`, by default the image's own; what lies beyond them is
    cut off, and pixels that are 0 in all bands, as those without data are, stay so.
    """
    tone = tone or Tone()
    curves = _tone_curves(image.shape[0], rng, tone)
    if image.dtype == torch.uint8:
        return torch.from_numpy(_as_bytes(_sharpened(_toned_bytes(image.numpy(), curves), curves, rng, tone)))
    if limits is None:
        limits = robust_limits(image.flatten(1).T.numpy())
    low, high = (torch.from_numpy(end).float().view(-1, 1, 1) for end in limits)
    fractions = ((image.float() - low) / (high - low)).clamp_(0, 1).flatten(1).numpy()
    levels = curves.at(fractions).reshape(image.shape).astype(np.float32, copy=False)
    changed = torch.from_numpy(_sharpened(levels, curves, rng, tone)) / 255 * (high - low) + low
    return as_stored(torch.where((image == 0).all(dim=0), 0.0, changed), image.dtype)


class _Curves(NamedTuple):
    """How each band is changed value by value: gamma, contrast, brightness, a gain (bands, 1), and `saturation`.

    Saturation is this factor times a value, and a part of all bands' mean, which `_saturate` adds.
    """

    gains: NDArray[np.float64]
    contrast: float
    brightness: float
    gamma: float
    saturation: float

    def at(self, fractions: NDArray[np.floating]) -> NDArray[np.floating]:
        """Grey levels of values 0 to 1, (N,) or (bands, N)."""
        curves = ((fractions**self.gamma - 0.5) * self.contrast + 0.5 + self.brightness) * self.gains
        return 255 * self.saturation * curves.clip(0, 1)


def _tone_curves(bands: int, rng: np.random.Generator, tone: Tone) -> _Curves:
    gains = rng.uniform(1 - tone.gain, 1 + tone.gain, size=(bands, 1))
    contrast, brightness = rng.uniform(1 - tone.contrast, 1 + tone.contrast), rng.uniform(-1, 1) * tone.brightness
    gamma = np.exp(rng.uniform(-1, 1) * tone.gamma)
    saturation = rng.uniform(1 - tone.saturation, 1 + tone.saturation)
    return _Curves(gains, contrast, brightness, gamma, saturation if bands > 1 else 1.0)


def _toned_bytes(bands: NDArray[np.uint8], curves: _Curves) -> NDArray:
    """8 bits by one table a band, since each value is changed by itself: grey levels, float32 or in parts, int16.

    Parts hold a saturation of up to 2, and get coarse below 1/2.
    """
    dtype, unit = (np.int16, 1 << _PART_BITS) if 0.5 <= curves.saturation <= 2 else (np.float32, 1)
    table = unit * curves.at(np.arange(256, dtype=np.float32) / 255)
    table = (table.round() if dtype is np.int16 else table).astype(dtype)
    levels = np.empty(bands.shape, dtype)
    for curve, band, out in zip(table, bands, levels, strict=True):
        # Arrow's reads 8-bit indices as they are, NumPy's makes 64 bits of them first; all lie in the table
        found = pc.take(pa.array(curve), pa.array(band.reshape(-1)), boundscheck=False)
        out[:] = found.to_numpy().reshape(band.shape)
    return levels


def _grey_level(levels: NDArray) -> int:
    """One grey level in the unit of `levels`."""
    return 1 << _PART_BITS if levels.dtype == np.int16 else 1


def _as_bytes(levels: NDArray) -> NDArray[np.uint8]:
    """Rounded; `levels` are overwritten."""
    if levels.dtype == np.int16:
        levels += _grey_level(levels) // 2
        levels >>= _PART_BITS
    else:
        levels.round(out=levels)
    return levels.astype(np.uint8)


def _sharpened(levels: NDArray, curves: _Curves, rng: np.random.Generator, tone: Tone) -> NDArray:
    """Saturation, blur and noise of an image (C, H, W) of 0 to 255 grey levels, which is overwritten."""
    _saturate(levels, curves.saturation)
    if rng.random() < tone.blur_share:
        levels = _blurred(levels, sigma=rng.uniform(0.4, 1.2))
    if rng.random() < tone.noise_share:
        _add_noise(levels, rng, deviation=255 * rng.uniform(0, 0.03))
    return levels


def _saturate(levels: NDArray, factor: float) -> None:
    """Bands, already multiplied by `factor`, moved away from their mean (factor > 1) or towards it."""
    if len(levels) > 1:
        total = levels[0].astype(np.float32)
        for band in levels[1:]:
            total += band
        total *= np.float32((1 / factor - 1) / len(levels))
        levels += _rounded_like(total, levels)
    _cut(levels)


def _blurred(levels: NDArray, *, sigma: float) -> NDArray:
    """Gaussian of 5 x 5 pixels, reflected at the edges: v2.gaussian_blur from shifted sums, three times as fast."""
    weights = np.exp(-0.5 * (np.arange(3) / sigma) ** 2)
    weights /= 2 * weights.sum() - weights[0]
    x = functional.pad(torch.from_numpy(levels).float()[None], (2, 2, 2, 2), mode="reflect")[0]
    for dim in (1, 2):
        size = x.shape[dim] - 4
        total = x.narrow(dim, 2, size) * float(weights[0])
        for offset in (1, 2):
            for start in (2 - offset, 2 + offset):
                total.add_(x.narrow(dim, start, size), alpha=float(weights[offset]))
        x = total
    return _cut(_rounded_like(x.numpy(), levels))


def _add_noise(levels: NDArray, rng: np.random.Generator, *, deviation: float) -> None:
    """White noise of a standard deviation [grey levels], even between its limits: far faster than normal."""
    words = rng.integers(0, 2**64, -(-levels.size // 8), dtype=np.uint64)  # three times as fast as byte by byte
    noise = words.view(np.uint8)[: levels.size].reshape(levels.shape).astype(np.float32)
    noise -= np.float32(127.5)
    noise *= np.float32(_grey_level(levels) * deviation / np.sqrt((256**2 - 1) / 12))
    levels += _rounded_like(noise, levels)
    _cut(levels)


def _rounded_like(values: NDArray[np.float32], like: NDArray) -> NDArray:
    """In the type of `like`; `values` may be overwritten."""
    return values if like.dtype == np.float32 else values.round(out=values).astype(like.dtype)


def _cut(levels: NDArray) -> NDArray:
    """The same, cut off at 0 and 255."""
    return np.clip(levels, 0, 255 * _grey_level(levels), out=levels)
