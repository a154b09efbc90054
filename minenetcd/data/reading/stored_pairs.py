"""Pairs kept as encoded images, wherever they lie: decoded once each, checked, with what their masks mean."""

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minenetcd.constants import UNKNOWN
from minenetcd.data.dataset import ChangeDataset, ColourPlaces, DatasetFacts, Fault, PairError
from minenetcd.data.reading.colours import ReadBands, colour_places, reading_order
from minenetcd.data.reading.decode import Date, MaskError, bands_in, decode_date, decode_mask
from minenetcd.data.reading.headers import DecodeError, Encoded, bytes_of
from minenetcd.data.reading.mask_values import MaskValues, values_of
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.errors import OptionError, one_line
from minenetcd.geo.bands.sensors import RGB
from minenetcd.types import ChangeSample

MASKS_READ = 64  # to find what values mean; while none of them holds a change, on to MOST
MOST_MASKS_READ = 1024
PAIRS_READ_WHOLE = 32  # by the fingerprint
PAIRS_ASKED = 8  # which bands are red, green and blue
FIRST_THREE = ColourPlaces((0, 1, 2), (0, 1, 2))  # which a network reads that nobody told

Read = TypeVar("Read")


class EncodedPair(NamedTuple):
    """Three image files, or their bytes."""

    before: Encoded
    after: Encoded
    mask: Encoded


class StoredPairs(ChangeDataset):
    """Pairs as files or as bytes in a table; a subclass says how to get at them, and sets `names`.

    `facts.fingerprint` is a digest of every pair's name, the sizes of its image files, all bytes of its mask, and,
    for at most 32 pairs evenly spread, all bytes of both dates: not of where they lie or when they were written, so a
    folder, a parquet file and a hub repository with the same images have the same one.
    """

    def __init__(self, source: str, split: str, options: ReadOptions) -> None:
        self.source, self.split, self.options = source, split, options
        self.value_range = options.value_range
        numbers = tuple(band for band in options.bands or () if isinstance(band, int))
        self.band_numbers = numbers if numbers == options.bands else None

    @abstractmethod
    def encoded(self, index: int) -> EncodedPair:
        """The images of pair `index`; OSError where they are gone."""

    @abstractmethod
    def encoded_mask(self, index: int) -> Encoded:
        """The mask alone of pair `index`."""

    @abstractmethod
    def sizes(self) -> NDArray[np.int64]:
        """Bytes of before, after and mask of every pair (N, 3)."""

    @abstractmethod
    def describe(self, index: int, part: str) -> str:
        """What an error calls the `part` (before, after, mask) of pair `index`: a path, or where it stands."""

    def __getitem__(self, index: int) -> ChangeSample:
        name = self.names[index]
        pair = _reading(partial(self.encoded, index), lambda: self.describe(index, "pair"))
        return decode_pair(
            pair, name, self.options, lambda: self.mask_values, partial(self.describe, index), self._check_colours
        )

    def mask(self, index: int) -> Tensor:
        read = _reading(partial(self.encoded_mask, index), lambda: self.describe(index, "mask"))
        return _decoded_mask(read, self.options, lambda: self.mask_values, partial(self.describe, index))

    @cached_property
    def facts(self) -> DatasetFacts:  # made when it is first asked for
        return DatasetFacts(self.source, self.split, self._fingerprint())

    @cached_property
    def colour_places(self) -> ColourPlaces | None:
        """By some pairs spread over the data set; none where its user chose the bands."""
        if self.options.bands is not None:
            return None
        found = {places for places in map(self._colour_places, spread(len(self))[:PAIRS_ASKED]) if places is not None}
        if len(found) > 1:
            raise OptionError(self._several_orders())
        return next(iter(found), None)

    def _colour_places(self, index: int) -> ColourPlaces | None:
        """Of one pair; one that cannot be read is left to whoever asks for it."""
        try:
            pair = self.encoded(index)
            return colour_places(*(bands_in(encoded, self.options) for encoded in (pair.before, pair.after)))
        except (DecodeError, OSError):
            return None

    def _check_colours(self, before: ReadBands, after: ReadBands) -> None:
        """OptionError where a pair of more than three bands has its colours elsewhere than others of the data set."""
        places = colour_places(before, after)
        if places is not None and places != (self.colour_places or FIRST_THREE):
            raise OptionError(self._several_orders())

    def _several_orders(self) -> str:
        return (
            f"One order of red, green and blue is needed in {self.source!r} ({self.split}), whose files name several: "
            "choose them by name (?bands=red,green,blue)."
        )

    @property
    def mask_values(self) -> MaskValues:
        """What the masks' values mean, found once from many of them. MaskError where they have no one meaning."""
        if isinstance(self._mask_values, MaskError):
            raise MaskError(str(self._mask_values))
        return self._mask_values

    @cached_property
    def _mask_values(self) -> MaskValues | MaskError:
        found: set[int] = set()
        for count, values in enumerate(self._values_of_masks()):
            if count >= (MASKS_READ if found - {0, self.options.not_labelled} else MOST_MASKS_READ):
                break
            found |= values
        try:
            return MaskValues.of(found, not_labelled=self.options.not_labelled)
        except MaskError as error:
            return error

    def _values_of_masks(self) -> Iterator[set[int]]:
        """Of masks spread over the data set; one that cannot be decoded is left to whoever asks for that pair."""
        for index in spread(len(self)):
            try:
                yield values_of(decode_mask(self.encoded_mask(index), self.options))
            except (DecodeError, OSError):
                yield set()

    def _fingerprint(self) -> str:
        digest = hashlib.blake2b(digest_size=8)
        digest.update("\n".join(self.names).encode() + self.sizes().tobytes())
        whole = set(spread(len(self))[:PAIRS_READ_WHOLE])
        for index in range(len(self)):
            parts = self.encoded(index) if index in whole else [self.encoded_mask(index)]
            for part in parts:
                digest.update(_reading(partial(bytes_of, part), partial(self.describe, index, "pair")))
        return digest.hexdigest()


def decode_pair(
    pair: EncodedPair,
    name: str,
    options: ReadOptions,
    mask_values: Callable[[], MaskValues],
    describe: Callable[[str], str],
    check_colours: Callable[[ReadBands, ReadBands], None] | None = None,
) -> ChangeSample:
    """The sample of three encoded images.

    `describe` gives an error the words for a part (before, after, mask, pair); `check_colours` sees what the dates say
    of their bands, if these are more than three. PairError for an image that is damaged, a mask of values without
    meaning, or sizes that differ.
    """
    before, after = (
        _reading(partial(decode_date, encoded, options), partial(describe, part))
        for encoded, part in ((pair.before, "before"), (pair.after, "after"))
    )
    if before.bands is not None and after.bands is not None:
        if check_colours is not None and len(before.pixels) == len(after.pixels) > len(RGB):
            check_colours(before.bands, after.bands)
        order = reading_order(before.bands, after.bands)
        before, after = _in_order(before, order.before), _in_order(after, order.after)
    mask = _decoded_mask(pair.mask, options, mask_values, describe)
    shapes = before.pixels.shape, after.pixels.shape, mask.shape
    if shapes[0] != shapes[1] or shapes[0][1:] != shapes[2]:
        raise PairError(f"{describe('pair')} {_unequal(*shapes)}", "unequal sizes")
    for valid in (before.valid, after.valid):
        if valid is not None:
            mask[~valid] = UNKNOWN
    return ChangeSample(before.pixels, after.pixels, mask, name)


def _in_order(date: Date, numbers: tuple[int, ...]) -> Date:
    if date.bands is None or numbers == date.bands.numbers:
        return date
    return date._replace(pixels=date.pixels[[date.bands.numbers.index(number) for number in numbers]])


def _decoded_mask(
    encoded: Encoded, options: ReadOptions, mask_values: Callable[[], MaskValues], describe: Callable[[str], str]
) -> Tensor:
    stored = _reading(partial(decode_mask, encoded, options), partial(describe, "mask"))
    return torch.from_numpy(_reading(lambda: mask_values().translate(stored), partial(describe, "mask")))


def _reading(read: Callable[[], Read], describe: Callable[[], str]) -> Read:
    try:
        return read()
    except (DecodeError, OSError) as error:
        advice = error.advice if isinstance(error, DecodeError) else "put it back, or leave the pair out"
        fault: Fault = "mask values" if isinstance(error, MaskError) else "unreadable"
        raise PairError(f"{describe()} cannot be used ({one_line(error)}): {advice}.", fault) from error


def _unequal(before: torch.Size, after: torch.Size, mask: torch.Size) -> str:
    if before[1:] == after[1:] == mask:
        return f"needs as many bands on both dates, got {before[0]} and {after[0]}: name those to read (bands)."
    sizes = [f"{width} x {height}" for height, width in (before[1:], after[1:], mask)]
    return f"needs before, after and mask of one size, got {', '.join(sizes)} pixels: crop or export them alike."


def spread(count: int) -> list[int]:
    """0 to `count` - 1, in an order whose beginning, however long, is spread over the whole."""
    step = max(1, round(count * 0.618))
    while np.gcd(step, count) > 1:
        step += 1
    return [index * step % count for index in range(count)]
