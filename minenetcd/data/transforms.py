"""Augmentation: what both dates and the mask share, and what differs between the dates.

Everything is drawn from one generator, so a sample is the same for the same (seed, epoch, index).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import EllipsisType, MappingProxyType

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as v2

from minenetcd.configs.value_range import ValueRange
from minenetcd.constants import UNKNOWN
from minenetcd.data.number_types import as_stored
from minenetcd.data.tone import Tone, jitter
from minenetcd.errors import DataError, UnknownNameError
from minenetcd.geo.values import Limits, pair_limits, range_limits
from minenetcd.types import ChangeSample


@dataclass(frozen=True)
class Augmentation:
    """A recipe: which changes a sample may undergo on its way into a batch."""

    symmetries: bool = False  # flips and turns by 90 degrees
    exchange_share: float = 0.0  # of the samples, dates exchanged
    zoom: float = 1.0  # objects up to this many times larger or smaller, in half of the samples
    tone: Tone | None = None


AUGMENTATIONS: Mapping[str, Augmentation] = MappingProxyType(
    {
        "none": Augmentation(),
        "symmetries": Augmentation(symmetries=True),
        "strong": Augmentation(symmetries=True, exchange_share=0.5, zoom=1.25, tone=Tone()),
    }
)


def augmentation_named(name: str) -> Augmentation:
    """The recipe `name`; UnknownNameError where there is none."""
    if name not in AUGMENTATIONS:
        raise UnknownNameError("augmentation", name, AUGMENTATIONS)
    return AUGMENTATIONS[name]


def sample_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The source of randomness of one sample in one epoch, whatever worker makes it."""
    return np.random.default_rng((seed, epoch, index))


def augment(
    sample: ChangeSample,
    rng: np.random.Generator,
    *,
    recipe: str | Augmentation = "strong",
    crop: int | None = None,
    value_range: ValueRange | None = None,
) -> ChangeSample:
    """`sample` changed as `recipe` allows, every choice drawn from `rng`.

    `crop` is the side of the window cut out at a random place, with every recipe [pixels]; None keeps the size
    of the sample. `value_range`: between which values tone is changed where dates are not 8-bit, by default those of
    the pair. DataError where the sample is smaller than the window.
    """
    recipe = augmentation_named(recipe) if isinstance(recipe, str) else recipe
    if recipe.zoom > 1 and rng.random() < 0.5:
        sample = random_zoom(sample, rng, most=recipe.zoom, side=crop)
    elif crop is not None:
        sample = random_crop(sample, rng, side=crop)
    if recipe.symmetries:
        sample = turn_and_flip(sample, rng)
    if rng.random() < recipe.exchange_share:
        sample = sample._replace(before=sample.after, after=sample.before)
    if recipe.tone is not None:
        dates = sample.before, sample.after
        limits = _tone_limits(sample, value_range)
        tones = (jitter(date, rng, recipe.tone, limit) for date, limit in zip(dates, limits, strict=True))
        sample = sample._replace(before=next(tones), after=next(tones))
    return sample


def _tone_limits(sample: ChangeSample, value_range: ValueRange | None) -> Sequence[Limits | None]:
    """What is 0 and 1 of each date while its tone is changed; None for 8 bits, which know it."""
    dates = sample.before, sample.after
    if all(date.dtype == torch.uint8 for date in dates):
        return None, None
    if value_range is not None:
        return (range_limits(value_range, len(sample.before)),) * 2
    before, after = (date.permute(1, 2, 0).numpy() for date in dates)
    return pair_limits(before, after, (sample.mask != UNKNOWN).numpy())


def random_crop(sample: ChangeSample, rng: np.random.Generator, *, side: int) -> ChangeSample:
    """A random window of `side` x `side` pixels, the same in both dates and the mask."""
    _check_size(sample, side)
    window = _random_window(sample.mask.shape, (side, side), rng)
    return _each(sample, lambda image: image[window])


def random_zoom(
    sample: ChangeSample, rng: np.random.Generator, *, most: float, side: int | None = None
) -> ChangeSample:
    """A random window up to `most` times smaller or larger than `side`, resampled to `side` x `side` pixels.

    Without `side` the output is as large as the sample. The window never leaves the sample, so nothing is
    invented at the edges; where the sample is no larger than `side`, objects only grow.
    """
    height, width = target = sample.mask.shape if side is None else (side, side)
    _check_size(sample, max(target) if side else 0)
    largest = min(sample.mask.shape[0] / height, sample.mask.shape[1] / width, most)
    factor = np.exp(rng.uniform(-np.log(most), np.log(largest)))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    window = _random_window(sample.mask.shape, size, rng)
    dates = (_resized(date[window], target, InterpolationMode.BILINEAR) for date in (sample.before, sample.after))
    mask = _resized(sample.mask[window][None], target, InterpolationMode.NEAREST_EXACT)[0]
    return ChangeSample(next(dates), next(dates), mask, sample.name)


def turn_and_flip(sample: ChangeSample, rng: np.random.Generator) -> ChangeSample:
    """One of the symmetries of the square, or of the rectangle if it is none: the same for both dates and the mask."""
    square = sample.mask.shape[0] == sample.mask.shape[1]
    transposed, *flipped = rng.random(3) < 0.5
    dims = [dim for dim, chosen in zip((-2, -1), flipped, strict=True) if chosen]

    def turn(image: Tensor) -> Tensor:
        return (image.mT if transposed and square else image).flip(dims)

    return _each(sample, turn)


def _random_window(
    shape: Sequence[int], size: Sequence[int], rng: np.random.Generator
) -> tuple[slice | EllipsisType, ...]:
    top, left = (int(rng.integers(whole - part + 1)) for whole, part in zip(shape, size, strict=True))
    return (..., slice(top, top + size[0]), slice(left, left + size[1]))


def _resized(image: Tensor, size: Sequence[int], interpolation: InterpolationMode) -> Tensor:
    if image.dtype == torch.uint8 or image.is_floating_point():
        return v2.resize(image, list(size), interpolation=interpolation, antialias=True)
    return as_stored(v2.resize(image.float(), list(size), interpolation=interpolation, antialias=True), image.dtype)


def _check_size(sample: ChangeSample, side: int) -> None:
    height, width = sample.mask.shape
    if min(height, width) < side:
        raise DataError(
            f"A crop of {side} x {side} pixels needs pairs at least as large, {sample.name!r} has {height} x {width}: "
            f"choose a crop of {min(height, width)} or less, or leave the pair out."
        )


def _each(sample: ChangeSample, change: Callable[[Tensor], Tensor]) -> ChangeSample:
    return sample._replace(before=change(sample.before), after=change(sample.after), mask=change(sample.mask))
