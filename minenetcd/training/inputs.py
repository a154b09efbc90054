"""What a network is given of its training pairs: how many bands, which values become 0 and 1, mean and deviation.

A configuration that says it wins. What it leaves open is found from the training pairs once, before anything is built,
and stands in the run's configuration and in the saved detector from then on, so that a test and a prediction use the
same numbers.
"""

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from minenetcd.configs.detector import COLOURS, NO_MEAN, NO_STD, unnamed_bands
from minenetcd.configs.reading import merge
from minenetcd.configs.schema import Settings
from minenetcd.configs.value_range import ValueRange, range_in_words
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.fitting import FittedPairs, agreed_range, known_pixels, tried
from minenetcd.display.words import counted
from minenetcd.geo.values import Limits, range_limits, robust_limits, rounded_range, same_limits
from minenetcd.models.catalog import model_class

#: Training pairs, spread over all of them, and pixels of either date of each, from which numbers are found.
PAIRS_LOOKED_AT, PIXELS_OF_EACH = 64, 4096


class Fitted(NamedTuple):
    """Settings in which nothing of the input is open, and what was found for them, in words."""

    settings: Settings
    notes: tuple[str, ...]


def fitted_to(settings: Settings, pairs: ChangeDataset) -> Fitted:
    """`settings` with what they leave open of the network's input taken from the training `pairs`.

    Bands: a new network that does not say `in_channels` reads as many as the images have. Value range: that stated of
    the data set; else, of images that are not 8-bit, `robust_limits` of a sample of pixels. Mean and deviation: those
    of the sample, of bands that nobody named. DataError where the first pair cannot be read, OptionError where the
    configuration and the data set state different value ranges.
    """
    settings, notes = _with_bands(settings, pairs)
    preprocessing = settings.preprocessing
    value_range = agreed_range(preprocessing.value_range, pairs, settings.name or "The configuration")
    unnamed = set(preprocessing.mean) == {NO_MEAN} and set(preprocessing.std) == {NO_STD}
    found: dict[str, Any] = {}
    if unnamed or value_range is None:
        sample = _Sample.of(FittedPairs(pairs, preprocessing, settings.name or "The network"))
        if value_range is None and not sample.is_eight_bits:
            value_range = rounded_range(robust_limits(sample.pixels))
            notes = (*notes, _range_note(value_range, sample.pairs))
        if unnamed:
            found = _statistics(sample.pixels, value_range)
    found |= {"value_range": value_range}
    return Fitted(_changed(settings, {"preprocessing": found}), notes)


def _with_bands(settings: Settings, pairs: ChangeDataset) -> Fitted:
    """The bands that a network which is not there yet reads."""
    if settings.start_from:
        return Fitted(settings, ())
    names, numbers = settings.preprocessing.bands, pairs.band_numbers
    count = settings.model.options.get("in_channels")
    is_said = count is not None
    if count is None:
        count = len(pairs[0].before) if names == COLOURS else len(names)
        if "in_channels" not in inspect.signature(model_class(settings.model.name)).parameters:
            return Fitted(settings, ())  # a network of its own, which reads what it reads
    if count == len(COLOURS):
        return Fitted(settings, ())
    changes: dict[str, Any] = {"model": {"in_channels": count}}
    own = unnamed_bands(range(1, count + 1))
    if names in (COLOURS, own["bands"]):
        changes["preprocessing"] = unnamed_bands(numbers if numbers and len(numbers) == count else range(1, count + 1))
    if settings.pretrained_backbone is None:
        changes["pretrained_backbone"] = False  # they read three bands
    note = (
        f"The images have {counted(count, 'band')}, and the network reads them all, without weights of ImageNet, which "
        "read 3: name three (?bands=3,2,1) for a network of three."
    )
    return Fitted(_changed(settings, changes), () if is_said else (note,))


class _Sample(NamedTuple):
    """Pixels (N, C) of both dates of some training pairs."""

    pixels: NDArray[Any]
    pairs: int
    is_eight_bits: bool

    @classmethod
    def of(cls, pairs: FittedPairs) -> "_Sample":
        _ = pairs[0]  # which says what is wrong, where all are
        samples = tried(pairs, PAIRS_LOOKED_AT)
        eight = all(date.dtype == torch.uint8 for sample in samples for date in (sample.before, sample.after))
        return cls(known_pixels(samples, PIXELS_OF_EACH), len(samples), eight)


def _statistics(pixels: NDArray[Any], value_range: ValueRange | None) -> dict[str, Any]:
    """Mean and deviation of the bands in 0..1, of pixels (N, C)."""
    bands = pixels.shape[-1]
    limits: Limits = same_limits(0, 255, bands) if value_range is None else range_limits(value_range, bands)
    unit = np.clip((pixels.astype(np.float64) - limits.low) / (limits.high - limits.low), 0, 1)
    unit = unit[np.isfinite(unit).all(axis=-1)]
    if not len(unit):
        return {}
    mean, deviation = unit.mean(axis=0), np.maximum(unit.std(axis=0), 1e-3)
    return {"mean": tuple(mean.round(4).tolist()), "std": tuple(deviation.round(4).tolist())}


def _range_note(value_range: ValueRange, count: int) -> str:
    low, high = (np.atleast_1d(end) for end in value_range)
    words = range_in_words(value_range) if len(low) <= len(COLOURS) else f"{low.min():g} to {high.max():g} in all bands"
    return (
        f"The images are not 8-bit: what becomes 0 and 1 was found from {counted(count, 'training pair')}, and is "
        f"saved with the detector ({words}); ?range=LOW,HIGH after the data set's name sets it."
    )


def _changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    return Settings.read(merge(settings.model_dump(), changes))
