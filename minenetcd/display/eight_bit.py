"""What eyes see of a raster: its numbers in 8 bits and three colours, for pictures; detectors see other numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: Of the valid pixels, what is black and what is white. [percent]
STRETCH_PERCENTILES = (1, 99)
NO_DATA = 255  # white, as the page

#: Reflectance and counts are proportional to light, screens are not: without this, ground is nearly black beside roofs.
GAMMA = 1.5

#: Bands whose ranges differ by more than this factor are not of one measure, and each is stretched alone.
ONE_MEASURE = 3.0


@dataclass(frozen=True)
class Stretch:
    """How numbers become red, green and blue: `low` (3,) is black, `low + span` white, and between them `gamma`."""

    low: NDArray[np.float64]
    span: NDArray[np.float64]
    gamma: float

    @classmethod
    def of(cls, known: NDArray) -> "Stretch":
        """The one by which the pixels `known` (N, 3), at least one, look natural.

        8 bits, which are pictures already, keep their hue but for haze. Of other numbers each band has its own black,
        which takes out haze, and a range half-way between its own and the widest: own ranges alone would turn all
        ground grey, one range alone gives the cast that the light of the sky has left out.
        """
        is_eight_bits = known.dtype == np.uint8
        low, high = _eight_bit_ends(known) if is_eight_bits else _ends(known)
        span = high - low
        if is_eight_bits:
            low = low if _is_hazy(low) else np.full(3, low.min())
            span = np.full(3, (high - low).max())
        elif span.max() <= ONE_MEASURE * span.min():
            span = np.sqrt(span * span.max())
        return cls(low, np.where(span > 0, span, 1), 1.0 if is_eight_bits else GAMMA)

    def apply(self, date: NDArray, valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """One date (H, W, C) as `colours`, stretched (H, W, 3); white where `valid` (H, W) is not."""
        pixels = colours(date)
        if date.dtype == np.uint8:
            table = self._stretched(np.repeat(np.arange(256)[:, np.newaxis], 3, axis=1))
            shown = np.array(Image.fromarray(np.ascontiguousarray(pixels)).point(table.T.ravel().tolist()))
            shown[~valid] = NO_DATA
        else:
            shown = np.full(pixels.shape, NO_DATA, np.uint8)
            shown[valid] = self._stretched(pixels[valid])
        return shown

    def _stretched(self, numbers: NDArray) -> NDArray[np.uint8]:
        unit = np.clip((numbers.astype(np.float64) - self.low) / self.span, 0, 1)
        return np.asarray(np.rint(255 * unit ** (1 / self.gamma)), np.uint8)


@dataclass(frozen=True)
class PairStretch:
    """The stretches of two dates: one where their numbers are of one type, so that equal numbers look equal."""

    before: Stretch
    after: Stretch

    @classmethod
    def of(cls, before: NDArray, after: NDArray, valid: NDArray[np.bool_]) -> "PairStretch":
        """Of two dates (H, W, C) where they are `valid` (H, W); where nothing is, any stretch shows that."""
        valid = valid if valid.any() else np.ones_like(valid)
        known = [_known(date, valid) for date in (before, after)]
        if before.dtype != after.dtype:
            return cls(*map(Stretch.of, known))
        both = Stretch.of(np.concatenate(known))
        return cls(both, both)


def colours(pixels: NDArray) -> NDArray:
    """The first three bands, or the first three times: (..., C) -> (..., 3)."""
    return pixels[..., :3] if pixels.shape[-1] >= 3 else np.repeat(pixels[..., :1], 3, axis=-1)


def _known(date: NDArray, valid: NDArray[np.bool_]) -> NDArray:
    """The `colours` (N, 3) of one date where it is valid."""
    return colours(date).reshape(-1, 3) if valid.all() else colours(date)[valid]


def _ends(known: NDArray) -> NDArray[np.float64]:
    """What is black and what is white (2, 3) of pixels (N, 3)."""
    return np.asarray(np.percentile(known.astype(np.float64), STRETCH_PERCENTILES, axis=0))


def _eight_bit_ends(known: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The same of 8 bits, bit for bit, from counts: nothing is sorted."""
    places = np.true_divide(STRETCH_PERCENTILES, 100) * (len(known) - 1)
    first = np.floor(places)
    share = (places - first)[:, np.newaxis]
    ordered = np.minimum([first, first + 1], len(known) - 1)
    counts = (np.bincount(band, minlength=256) for band in known.T)
    below, above = np.stack([count.cumsum().searchsorted(ordered, side="right") for count in counts], axis=-1)
    # from the nearer end, as NumPy does it
    return np.where(share < 0.5, below + (above - below) * share, above - (above - below) * (1 - share))


def eight_bit_view(pixels: NDArray, valid: NDArray[np.bool_], *, stretch_eight_bits: bool = False) -> NDArray[np.uint8]:
    """One date (H, W, C) as red, green, blue (H, W, 3): the first three bands, or the first three times.

    8 bits stay as they are or, with `stretch_eight_bits`, are stretched as other numbers are (`Stretch.of`). Where
    `valid` (H, W) is not, it is white.
    """
    return _views([pixels], valid, stretch_eight_bits=stretch_eight_bits)[0]


def eight_bit_pair(
    before: NDArray, after: NDArray, valid: NDArray[np.bool_], *, stretch_eight_bits: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both dates as in `eight_bit_view`, by one stretch, so that equal numbers look equal.

    Dates of two types of numbers, e.g. 8 and 16 bits, are stretched each alone.
    """
    if before.dtype != after.dtype:
        first, second = (eight_bit_view(date, valid, stretch_eight_bits=stretch_eight_bits) for date in (before, after))
    else:
        first, second = _views([before, after], valid, stretch_eight_bits=stretch_eight_bits)
    return first, second


def _views(dates: Sequence[NDArray], valid: NDArray[np.bool_], *, stretch_eight_bits: bool) -> list[NDArray[np.uint8]]:
    """`dates` of one type of numbers, by the range of all their valid pixels."""
    if not valid.any() or (dates[0].dtype == np.uint8 and not stretch_eight_bits):
        return [np.where(valid[..., np.newaxis], colours(date), NO_DATA).astype(np.uint8) for date in dates]
    stretch = Stretch.of(np.concatenate([_known(date, valid) for date in dates]))
    return [stretch.apply(date, valid) for date in dates]


def _is_hazy(darkest: NDArray[np.float64]) -> bool:
    """Whether the darkest red, green and blue lie as haze lifts them: blue most, red least.

    Elsewhere, on red earth say, the darkest pixels have the colour of the ground, which is to stay.
    """
    red, green, blue = darkest
    return bool(red <= green <= blue and red < blue)
