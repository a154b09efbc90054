"""What the numbers of one date say of it: a single value, few levels, values cut off, filling that is not nodata."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.display.words import counted, percent, three_figures
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.no_change.filling import LEAST_FILLING, is_empty

#: A date, or a band, is one value where more than this share of its pixels has it.
ONE_VALUE = 0.99
#: Fewer values than this in all bands together are no picture.
FEWEST_LEVELS = 8
#: The share of pixels at the largest value from which a date is cut off there, and of those at the smallest value in
#: all bands, where the other date is not, from which they are filling. Of 442 real images 1 and 0 have as many.
MOST_CUT_OFF, MOST_FILLING = 0.1, 0.05

Pixels = NDArray[Any]  # (N, C)


def number_findings(name: str, pixels: Pixels, other: Pixels, bands: Sequence[int]) -> list[str]:
    """Of the date called `name`: its valid pixels, those of the other date, and the numbers of its bands."""
    middle = np.partition(pixels, len(pixels) // 2, axis=0)[len(pixels) // 2]
    shares = (pixels == middle).mean(axis=0)
    if shares.min() > ONE_VALUE:
        return [
            f"The {name} image is one value ({_values(middle)}) in {percent(shares.min())} of its valid pixels: it "
            "shows next to nothing, and the map means little; give another image, or state its nodata value."
        ]
    levels = len(np.unique(pixels))
    if levels < FEWEST_LEVELS:
        return [
            f"The {name} image holds {counted(levels, 'value')} in all: a map of classes, or fractions stored as whole "
            "numbers; give the image as it was measured."
        ]
    seen = shares <= ONE_VALUE
    findings = _one_valued_bands(name, middle, shares, bands)
    return [*findings, *_cut_off(name, pixels[:, seen]), *_filling(name, pixels[:, seen], other[:, seen])]


def _one_valued_bands(name: str, middle: Pixels, shares: NDArray[np.floating[Any]], bands: Sequence[int]) -> list[str]:
    found = [index for index, share in enumerate(shares) if share > ONE_VALUE]
    if not found:
        return []
    which = ", ".join(str(bands[index]) for index in found)
    one = len(found) == 1
    return [
        f"Band{'' if one else 's'} {which} of the {name} image {'is' if one else 'are'} one value "
        f"({_values(middle[found])}) in {percent(shares[found].min())} of the valid pixels: nothing can be seen in "
        f"{'it' if one else 'them'}, and a detector may take the difference for change; choose others (--bands)."
    ]


def _cut_off(name: str, pixels: Pixels) -> Iterator[str]:
    """Where bright ground is all one value."""
    highest = pixels.max(axis=0)
    share = float((pixels == highest).any(axis=1).mean())
    if share > MOST_CUT_OFF:
        yield (
            f"The {name} image is cut off at its largest value ({_values(highest)}) in {percent(share)} of its valid "
            "pixels: change within them cannot be seen; give an image that is not saturated, or stretched less."
        )


def _filling(name: str, pixels: Pixels, other: Pixels) -> Iterator[str]:
    """Where one date alone is its smallest value in all bands."""
    lowest = pixels.min(axis=0)
    is_lowest, other_is = ((date == date.min(axis=0)).all(axis=1) for date in (pixels, other))
    share = float((is_lowest & ~other_is).mean())
    if share > MOST_FILLING:
        yield (
            f"The {name} image is its smallest value ({_values(lowest)}) in {percent(share)} of its valid pixels, "
            "where the other one is not: filling, or shadow cut off, that shows as change; if it is filling, state it "
            "as the file's nodata value (--nodata)."
        )


def processing_findings(pair: AlignedPair, *, feels_tone: bool, tone_is_asked: bool) -> Iterator[str]:
    """Where the numbers of one Sentinel-2 product are raised, and those of the other are not.

    `feels_tone`: whether the detector does; `tone_is_asked`: whether tone is to be taken out.
    """
    before, after = pair.before.processing, pair.after.processing
    if before is None or after is None or before.offset == after.offset:
        return
    name, raised, other = ("before", before, after) if before.offset else ("after", after, before)
    tone = "" if tone_is_asked else "--tone auto or "
    others = f", or use {tone}a detector that feels no tone (--model irmad)" if feels_tone else ""
    unfelt = "" if feels_tone else ", which this detector does not feel, but networks and eyes do"
    yield (
        f"The {name} image is a Sentinel-2 product of processing baseline {raised.baseline}, whose numbers are "
        f"{-raised.offset} higher than those of the other one ({other.baseline}): all of it looks brighter"
        f"{unfelt}; take {-raised.offset} off its numbers but 0, or give both dates of one baseline{others}."
    )


def shared_filling(before: Pixels, after: Pixels) -> Iterator[str]:
    """Where both dates hold 0 in all bands, and neither says that it is no data."""
    share = float(is_empty(before, after).mean())
    if share > LEAST_FILLING:
        yield (
            f"Both images are 0 in every band in {percent(share)} of the valid pixels: filling around the scene, "
            "maybe. It counts as analysed and unchanged, and may hide weaker change; if it is filling, state 0 as "
            "the nodata value of both (--nodata 0, or gdal_edit.py -a_nodata 0 FILE)."
        )


def _values(values: Pixels) -> str:
    """One number where all are equal, else the first ones."""
    different = list(dict.fromkeys(three_figures(float(value)) for value in values))
    return ", ".join(different[:3]) + (", ..." if len(different) > 3 else "")
