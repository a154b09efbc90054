"""Augmentation: what both dates and the mask share, and what differs between the dates.

Everything is drawn from one generator, so a sample is the same for the same (seed, epoch, index).
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from minenetcd.types import ChangeSample


def sample_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The source of randomness of one sample in one epoch, whatever worker makes it."""
    return np.random.default_rng((seed, epoch, index))


def augment(sample: ChangeSample, rng: np.random.Generator, *, crop: int | None = None) -> ChangeSample:
    """The recipe `strong`: random crop, turn and flip of everything; dates exchanged; tone of each date by itself.

    `crop` is the side of the window cut out [pixels]; None keeps the whole sample, which must be square then.
    """
    if crop is not None:
        sample = random_crop(sample, rng, side=crop)
    sample = turn_and_flip(sample, rng)
    if rng.random() < 0.5:
        sample = sample._replace(before=sample.after, after=sample.before)
    return sample._replace(before=jitter(sample.before, rng), after=jitter(sample.after, rng))


def random_crop(sample: ChangeSample, rng: np.random.Generator, *, side: int) -> ChangeSample:
    """A random window of `side` x `side` pixels, the same in both dates and the mask."""
    height, width = sample.mask.shape
    row, column = rng.integers(height - side + 1), rng.integers(width - side + 1)
    window = (..., slice(row, row + side), slice(column, column + side))
    return _each(sample, lambda image: image[window])


def turn_and_flip(sample: ChangeSample, rng: np.random.Generator) -> ChangeSample:
    """One of the eight symmetries of the square, the same for both dates and the mask."""
    turns, flipped = int(rng.integers(4)), rng.random() < 0.5

    def turn(image: Tensor) -> Tensor:
        image = torch.rot90(image, turns, dims=(-2, -1))
        return image.flip(-1) if flipped else image

    return _each(sample, turn)


def jitter(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Change brightness, contrast, colour balance and gamma of one date: uint8 (C, H, W) -> uint8 (C, H, W)."""
    values = np.arange(256, dtype=np.float32) / 255
    gains = rng.uniform(0.9, 1.1, size=image.shape[0])
    contrast, brightness, gamma = rng.uniform(0.75, 1.25), rng.uniform(-0.1, 0.1), np.exp(rng.uniform(-0.3, 0.3))
    curves = np.stack([((values**gamma - 0.5) * contrast + 0.5 + brightness) * gain for gain in gains])
    table = torch.from_numpy((curves.clip(0, 1) * 255).round().astype(np.uint8))
    return torch.stack([curve[band.long()] for curve, band in zip(table, image, strict=True)])


def _each(sample: ChangeSample, change: Callable[[Tensor], Tensor]) -> ChangeSample:
    return sample._replace(before=change(sample.before), after=change(sample.after), mask=change(sample.mask))
