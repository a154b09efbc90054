"""The pairs of a data set as one detector reads them: its bands, and values in its value range."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.configs.detector import COLOURS, PreprocessingSettings
from minenetcd.configs.value_range import ValueRange, range_in_words
from minenetcd.constants import UNKNOWN
from minenetcd.data.dataset import ChangeDataset, DatasetFacts, PairError
from minenetcd.data.reading.stored_pairs import spread
from minenetcd.errors import DataError, OptionError
from minenetcd.geo.values import check_fits, is_too_wide, range_limits
from minenetcd.types import ChangeBatch, ChangeSample

#: Pairs that are looked at before all are read.
PAIRS_TRIED, PIXELS_TRIED = 4, 4096


class FittedPairs(ChangeDataset):
    """The pairs of `dataset` with the bands of a detector: as many as it reads.

    Where it reads three, they are those that the files call red, green and blue, else the first; `bands_note` says it.
    `value_range` is that of the detector or, where it has none, the one stated of the data set. OptionError where both
    have one and they differ, and, pair by pair, for other bands; PairError for 8 bits in a range far beyond them.
    """

    def __init__(self, dataset: ChangeDataset, preprocessing: PreprocessingSettings, name: str) -> None:
        self.dataset, self.bands, self.reader = dataset, preprocessing.bands, name
        self.names, self.places, self.band_numbers = dataset.names, dataset.places, dataset.band_numbers
        self.value_range = agreed_range(preprocessing.value_range, dataset, name)
        self._limits = None if self.value_range is None else range_limits(self.value_range, len(self.bands))

    @cached_property
    def facts(self) -> DatasetFacts:  # made when it is first asked for
        return self.dataset.facts

    def __getitem__(self, index: int) -> ChangeSample:
        sample = self.dataset[index]
        before, after = self._own_dates(sample)
        sample = sample._replace(before=before, after=after)
        if self._limits is not None and torch.uint8 in (sample.before.dtype, sample.after.dtype):
            self._refuse_eight_bits(sample)
        return sample

    def mask(self, index: int) -> Tensor:
        return self.dataset.mask(index)

    def of(self, batch: ChangeBatch) -> ChangeBatch:
        """A batch of the data set's own pairs, with these bands."""
        before, after = self._own_dates(batch)
        return batch._replace(before=before, after=after)

    @cached_property
    def bands_note(self) -> str | None:
        """Which bands a network of three reads of images that have more. DataError where the first cannot be read."""
        count = len(self.dataset[0].before)
        if len(self.bands) != len(COLOURS) or count <= len(COLOURS):
            return None
        places = self.dataset.colour_places
        if places is None:
            return (
                f"Of the {count} bands of the images {self.reader} reads the first three, as red, green, blue (?bands="
                "3,2,1 after the data set's name chooses others)."
            )
        before, after = (", ".join(str(place + 1) for place in date) for date in (places.before, places.after))
        which = before if before == after else f"{before} before and {after} after"
        return f"Of the {count} bands of the images {self.reader} reads {which}, as red, green, blue by their files."

    def check(self) -> None:
        """OptionError where the first pair has other bands, or the first few hold other numbers than the value range.

        DataError where the first cannot be read.
        """
        self[0]
        if self._limits is None or self.value_range is None:
            return
        pixels = known_pixels(tried(self, PAIRS_TRIED), PIXELS_TRIED)
        check_fits({"pairs": pixels}, self._limits, self.value_range)

    def _own_dates(self, pair: ChangeSample | ChangeBatch) -> tuple[Tensor, Tensor]:
        places = None
        if pair.before.shape[-3] > len(COLOURS) == len(self.bands):
            places = self.dataset.colour_places
        before, after = (None, None) if places is None else (places.before, places.after)
        return self._own_bands(pair.before, before), self._own_bands(pair.after, after)

    def _own_bands(self, dates: Tensor, places: Sequence[int] | None) -> Tensor:
        """Of (..., C, H, W); `places`: of those wanted, where that is known."""
        count = dates.shape[-3]
        if count == len(self.bands):
            return dates
        if len(self.bands) == len(COLOURS) < count:
            return dates[..., : len(COLOURS), :, :] if places is None else dates[..., list(places), :, :]
        source = self.dataset.facts
        advice = ",".join(map(str, ([*range(1, count + 1)] + [count] * len(self.bands))[: len(self.bands)]))
        raise OptionError(
            f"{self.reader} reads {len(self.bands)} bands ({', '.join(self.bands)}), the pairs of {source.source!r} "
            f"({source.split}) have {count}: name those to read (?bands={advice}), or train a network with "
            f"model.in_channels={count}."
        )

    def _refuse_eight_bits(self, sample: ChangeSample) -> None:
        assert self._limits is not None and self.value_range is not None  # or there is nothing to refuse
        if is_too_wide(self._limits, np.dtype(np.uint8)):
            raise PairError(
                f"Pair {sample.name!r} holds 8-bit numbers, {self.reader} reads the value range "
                f"{range_in_words(self.value_range)}: give images with such numbers, or another range.",
                "unreadable",
            )


def agreed_range(own: ValueRange | None, dataset: ChangeDataset, name: str) -> ValueRange | None:
    """The value range of a detector, or that of the data set where it has none. OptionError where they differ."""
    stated = dataset.value_range
    if own is None or stated is None or range_in_words(own) == range_in_words(stated):
        return own if own is not None else stated
    raise OptionError(
        f"{name} reads the value range {range_in_words(own)}, {dataset.facts.source!r} says "
        f"{range_in_words(stated)}: leave range out of the data set's name, or make both one."
    )


def known_pixels(samples: Iterable[ChangeSample], count: int) -> NDArray[Any]:
    """Labelled pixels (N, C) of both dates of `samples`, which have one number of bands: `count` of each by lot."""
    pixels, rng = [], np.random.default_rng(0)
    for sample in samples:
        known = (sample.mask != UNKNOWN).flatten().numpy()
        for date in (sample.before, sample.after):
            values = date.flatten(1).T.numpy()[known]
            pixels.append(values[rng.integers(0, len(values), count)] if len(values) else values)
    return np.concatenate(pixels)


def tried(dataset: ChangeDataset, count: int) -> list[ChangeSample]:
    """At most `count` pairs spread over `dataset`; those that cannot be read are left to whoever needs them."""
    found = []
    for index in spread(len(dataset))[:count]:
        try:
            found.append(dataset[index])
        except DataError:
            continue
    return found
