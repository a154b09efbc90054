"""What detectors see of a file's numbers: which of them become 0 and 1, the same in training, testing and prediction.

The rule, `pair_limits`: a value range that is known (saved with a detector, stated of a data set, asked for) holds for
both dates. Without one, 8 bits are 0 to 255, and other numbers are stretched between limits that both dates share,
found from the valid pixels of both together (`robust_limits`), so that what did not change has one value on both, and a
difference in brightness between the dates stays what it is. 8 bits beside other numbers, or whole numbers beside
fractions, have no unit in common: each date then has its own limits.

What is shown to people is another matter (`minenetcd.display.eight_bit`).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minenetcd.configs.value_range import ValueRange, check_value_range, range_in_words
from minenetcd.errors import OptionError
from minenetcd.geo.align import Pair

#: Share of the pixels that may be anything at either end without moving the limits: of one date twice that. [percent]
OUTLIER_PERCENTILE = 2.0

#: How far beyond these percentiles the limits lie, as a share of the distance between them. What is rare and bright
#: is not cut off, and the rest fills 60 % of 0 to 1, as it fills 60 % of 0 to 255 in 8-bit images: between their 2nd
#: and 98th percentile lie 47 to 74 % (blue to red, the mean over nine sets of unlabelled images, 2026).
MARGIN = 1 / 3

#: Limits are found from this many pixels, drawn by a fixed rule, where there are more.
MOST_PIXELS = 1 << 20
#: Of 8 bits, only to see that a value range is theirs.
MOST_EIGHT_BITS = 1 << 16

#: Limits go no farther than this, so that their distance is a number of single precision: filling that no file calls
#: nodata is often its smallest one.
MOST = float(np.finfo(np.float32).max) / 4

#: From this share of a date's values beyond one end of a value range it is taken to be that of other numbers.
BEYOND = 0.95

EIGHT_BITS = 255


#: Limits farther from 0 than so many times their distance keep double precision: single has 24 bits, 12 are for what
#: lies between the limits.
FARTHEST = 2.0**12


class Limits(NamedTuple):
    """The values that become 0 and 1, per band (C,): float32, or float64 where that tells too few values apart."""

    low: NDArray[np.floating]
    high: NDArray[np.floating]

    @classmethod
    def of(cls, low: NDArray[np.floating], high: NDArray[np.floating]) -> "Limits":
        """In the precision that these ends need."""
        low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        far = np.maximum(np.abs(low), np.abs(high)) > FARTHEST * (high - low)
        return cls(low, high) if far.any() else cls(low.astype(np.float32), high.astype(np.float32))

    def from_low(self, pixels: NDArray[Any]) -> tuple[NDArray[Any], "Limits"]:
        """`pixels` (..., C) and these limits as numbers that single precision tells apart; mostly as they are.

        Limits (N, C) are those of N images, `pixels` (N, H, W, C).
        """
        if self.low.dtype != np.float64:
            return pixels, self
        low = self.low if self.low.ndim == 1 else self.low[:, np.newaxis, np.newaxis]
        apart = (pixels.astype(np.float64) - low).astype(np.float32)
        return apart, Limits(np.zeros_like(self.low, np.float32), (self.high - self.low).astype(np.float32))


def pair_limits(
    before: NDArray[Any],
    after: NDArray[Any],
    valid: NDArray[np.bool_] | None = None,
    value_range: ValueRange | None = None,
) -> tuple[Limits, Limits]:
    """The limits of each date (..., C), where `valid` (...) on both, by `value_range` or by the rule of this module.

    0 to 1 where no pixel is valid and finite. OptionError for a range of other numbers, which would show next to
    nothing: one far beyond 8 bits where a date has 8 bits, or nearly all values of a date at one end of it.
    """
    dates = {"before image": _known_pixels(before, valid), "after image": _known_pixels(after, valid)}
    first, second = dates_limits(dates, value_range)
    return first, second


def dates_limits(dates: Mapping[str, NDArray[Any]], value_range: ValueRange | None = None) -> list[Limits]:
    """The limits of each of several dates of one place, by name their valid pixels (N, C), as `pair_limits`."""
    bands = next(iter(dates.values())).shape[-1]
    if value_range is not None:
        limits = range_limits(value_range, bands)
        check_fits(dates, limits, value_range)
        return [limits] * len(dates)
    kinds = {kind_of(date.dtype) for date in dates.values()}
    if len(kinds) == 1 and kinds != {"8-bit"}:
        return [robust_limits(np.concatenate(list(dates.values())))] * len(dates)
    return [
        same_limits(0, EIGHT_BITS, bands) if kind_of(date.dtype) == "8-bit" else robust_limits(date)
        for date in dates.values()
    ]


def sample_pixels(sample: Sequence[Pair]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pixels of both dates (N, C) that are valid on both, in the windows of `sample`.

    Of each date MOST_PIXELS at most; of 8 bits, whose limits are known, a few of one window. Empty where none is valid.
    """
    found: list[tuple[NDArray[Any], NDArray[Any]]] = []
    for pair in sample:
        are_eight_bits = pair.before.dtype == pair.after.dtype == np.uint8
        most = (MOST_EIGHT_BITS if are_eight_bits else MOST_PIXELS) // len(sample)
        count, is_whole = np.count_nonzero(pair.valid), pair.valid.all()
        places = np.random.default_rng(0).integers(0, count, most) if count > most else np.arange(count)
        if not is_whole:
            places = np.flatnonzero(pair.valid)[places]
        before, after = (date.reshape(-1, date.shape[-1])[places] for date in (pair.before, pair.after))
        found.append((before, after))
        if len(places) and are_eight_bits:
            break
    dates = (np.concatenate(date) for date in zip(*found, strict=True))
    return next(dates), next(dates)


def robust_limits(pixels: NDArray[Any]) -> Limits:
    """The limits of pixels (N, C), band by band: their 2nd and 98th percentile, and a third of their distance beyond.

    A gain and an offset of both dates leave no trace: the limits move with the numbers, and may lie below 0. 0 to 1
    where no pixel is finite.
    """
    pixels = pixels[np.isfinite(pixels).all(axis=-1)]
    if not len(pixels):
        return same_limits(0, 1, pixels.shape[-1])
    if len(pixels) > MOST_PIXELS:
        pixels = pixels[np.random.default_rng(0).integers(0, len(pixels), MOST_PIXELS)]
    low, high = np.percentile(pixels, (OUTLIER_PERCENTILE, 100 - OUTLIER_PERCENTILE), axis=0).astype(np.float64)
    margin = MARGIN * (high - low)
    low, high = (np.clip(end, -MOST, MOST) for end in (low - margin, high + margin))
    above = np.maximum(low + 1, np.nextafter(low, np.inf))  # 1e20 + 1 is itself
    return Limits.of(low, np.where(high > low, high, above))


def same_limits(low: float, high: float, bands: int) -> Limits:
    """One value range for all bands."""
    return Limits(np.full(bands, low, np.float32), np.full(bands, high, np.float32))


def range_limits(value_range: ValueRange, bands: int) -> Limits:
    """A value range as limits of `bands` bands. OptionError where it is none of them."""
    checked = check_value_range(value_range, bands)
    low, high = (np.broadcast_to(np.asarray(end, np.float64), bands) for end in checked)
    return Limits.of(low, high)


def check_fits(images: Mapping[str, NDArray[Any]], limits: Limits, value_range: ValueRange) -> None:
    """OptionError where `limits`, those of `value_range`, tell nothing of pixels (N, C) by the word for them."""
    way_out = "give the images' own (--range LOW,HIGH; value_range in Python), or images with such numbers"
    needed = f"Numbers in the value range {range_in_words(value_range)} are needed, got"
    for word, pixels in images.items():
        if is_too_wide(limits, pixels.dtype):
            raise OptionError(f"{needed} 8-bit ones, 0 to {EIGHT_BITS}, in the {word}: {way_out}.")
        above, below = ((pixels >= limits.high).mean(), (pixels <= limits.low).mean()) if pixels.size else (0, 0)
        if max(above, below) >= BEYOND:
            where = "above" if above > below else "below"
            raise OptionError(f"{needed} {max(above, below):.0%} {where} it in the {word}: {way_out}.")


def is_too_wide(limits: Limits, dtype: np.dtype[Any]) -> bool:
    """Whether pixels of `dtype` are 8-bit, and a value range was made for numbers that 8 bits never reach."""
    return kind_of(dtype) == "8-bit" and bool((limits.high > 2 * EIGHT_BITS).any())


def kind_of(dtype: np.dtype[Any]) -> str:
    """8-bit, whole or fractions: numbers of one kind are taken to be of one unit."""
    if dtype == np.uint8:
        return "8-bit"
    return "fractions" if np.issubdtype(dtype, np.floating) else "whole"


def rounded_range(limits: Limits) -> ValueRange:
    """`limits` as they are saved: four digits of their distance, one number a band."""
    digits = [3 - math.floor(math.log10(float(high - low))) for low, high in zip(*limits, strict=True)]
    low, high = (tuple(round(float(x), d) for x, d in zip(end, digits, strict=True)) for end in limits)
    return low, high


def to_eight_bits(pixels: NDArray[Any], limits: Limits) -> NDArray[np.uint8]:
    """Pixels (H, W, C) with `limits` at 0 and 255; what lies beyond is cut off, what is no number becomes 0."""
    pixels, limits = limits.from_low(pixels)
    unit = np.nan_to_num((pixels.astype(np.float32) - limits.low) / (limits.high - limits.low))
    levels: NDArray[np.floating] = np.rint(255 * np.clip(unit, 0, 1))
    return levels.astype(np.uint8)


def _known_pixels(date: NDArray[Any], valid: NDArray[np.bool_] | None) -> NDArray[Any]:
    """(N, C) of those that are valid."""
    return date.reshape(-1, date.shape[-1]) if valid is None else date[valid]
