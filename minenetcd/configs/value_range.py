"""The value range of images: which of their numbers become 0 and 1. What it means is told in `minenetcd.geo.values`."""

import math

from minenetcd.configs.numbers import Number
from minenetcd.errors import OptionError

#: The values that become 0 and 1: one of each, or one of each for every band.
ValueRange = tuple[Number | tuple[Number, ...], Number | tuple[Number, ...]]


def check_value_range(value_range: ValueRange, bands: int | None = None) -> ValueRange:
    """The same, or OptionError: it needs a low and a higher end, of one number or of one for each of `bands`."""
    if len(value_range) != 2:
        raise OptionError(f"A value range needs a low and a high end, got {len(value_range)}: e.g. 0,10000.")
    low, high = map(_numbers, value_range)
    counts = {len(end) for end in (low, high)} - {1}
    if len(counts) > 1 or (bands is not None and counts - {bands}):
        raise OptionError(
            f"A value range needs one number at either end, or one for each of {bands or 'its'} bands, got {len(low)} "
            f"and {len(high)}: correct it."
        )
    most = max(len(low), len(high))
    pairs = zip(low * (most // len(low) if low else 0), high * (most // len(high) if high else 0), strict=True)
    if not low or not high or not all(math.isfinite(end - start) and start < end for start, end in pairs):
        raise OptionError(
            f"A value range needs a low and a higher value, both finite, got {range_in_words(value_range)}: "
            "correct it, e.g. 0,10000."
        )
    return value_range


def range_in_words(value_range: ValueRange) -> str:
    """For messages and reports: "0 to 10000", or band by band "0 to 90, 10 to 300"."""
    low, high = map(_numbers, value_range)
    most = max(len(low), len(high), 1)
    low, high = (end * (most if len(end) == 1 else 1) for end in (low, high))
    return ", ".join(f"{start:g} to {end:g}" for start, end in zip(low, high, strict=False))


def _numbers(end: float | tuple[float, ...]) -> tuple[float, ...]:
    return tuple(end) if isinstance(end, tuple | list) else (end,)
