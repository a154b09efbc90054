"""By which gain and offset a band the after image differs in tone from the before image, where nothing changed.

Relative radiometric normalisation by the pixels that IR-MAD finds unchanged. Source: Canty, Nielsen, "Automatic
radiometric normalization of multitemporal satellite imagery with the iteratively re-weighted MAD transformation",
RSE 2008. Departs from it: every pixel counts by its probability of no change, none is cut off at 0.95; and lines are
reduced major axes, gain = deviation before / deviation after, which, unlike orthogonal ones, do not depend on the units
of either date, and, unlike least squares, are not flattened by noise.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.geo.adjustment import Tone, WhyNoTone
from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.pixels import Floats, Moments, ScenePixels

MOST_PIXELS = 2**15  # that are looked at, spread evenly
LEAST_PIXELS = 1000
NEAR = 0.25  # of a line: this part of the deviation of the before image's band
#: Least agreement that the median band needs. Different places reach 0.05, one place with a third of it changed 0.35,
#: farmland in other seasons anything between, where no gain and offset describe the difference.
LEAST_AGREEMENT = 0.2
OUTLIER = 4.685  # deviations from the line, beyond which a pixel of one band weighs nothing (Tukey's biweight)
NORMAL_MEDIAN = 0.6745  # of the absolute deviations of a normal distribution
MOST_STEPS = 30


def find_tone(sample: Sequence[Pair]) -> Tone:
    """The tone of the after image, from up to 32,768 pixels of the windows of `sample`, each read once.

    Between dates of 16 bits it absorbs what processing baselines add. A band that agrees too little by itself takes
    the line of the pixels that all bands together call unchanged.
    """
    before, after = _pixels(sample)
    bands = before.shape[-1]
    if not _can_be_compared(before, after):
        return _no_tone(bands, "too few pixels", pixels=len(before))
    gain, offset, unchanged = _lines(before, after)
    correlation = tuple(float(np.corrcoef(*dates)[0, 1]) for dates in zip(before.T, after.T, strict=True))
    agreement = tuple(_agreement(before, gain * after + offset).tolist())
    if np.median(agreement) < LEAST_AGREEMENT:
        return _no_tone(bands, "low agreement", round(unchanged), correlation, agreement)
    return Tone(tuple(gain.tolist()), tuple(offset.tolist()), round(unchanged), correlation, agreement)


def _no_tone(
    bands: int, why: WhyNoTone, pixels: int, correlation: tuple[float, ...] = (), agreement: tuple[float, ...] = ()
) -> Tone:
    none = (0.0,) * bands
    return Tone((1.0,) * bands, none, pixels, correlation or none, agreement or none, why)


def _pixels(sample: Sequence[Pair]) -> tuple[Floats, Floats]:
    """Both dates (n, C) of pixels on a regular grid in every window, valid and not at an end of any band's values.

    What lies at an end may have been cut off there: a sensor's brightest, a file's 0 and 255.
    """
    dates: list[list[NDArray[Any]]] = [[], []]
    for pair in sample:
        step = int(np.ceil(np.sqrt(pair.valid.size * len(sample) / MOST_PIXELS)))
        rows = np.s_[step // 2 :: step, step // 2 :: step]
        valid = pair.valid[rows]
        for pixels, date in zip(dates, (pair.before, pair.after), strict=True):
            pixels.append(date[rows][valid])
    before, after = (np.concatenate(pixels).astype(np.float64) for pixels in dates)
    inside = _inside(before) & _inside(after)
    return before[inside], after[inside]


def _inside(pixels: Floats) -> NDArray[np.bool_]:
    if not len(pixels):
        return np.zeros(0, dtype=bool)
    inside: NDArray[np.bool_] = ((pixels > pixels.min(axis=0)) & (pixels < pixels.max(axis=0))).all(axis=1)
    return inside


def _can_be_compared(before: Floats, after: Floats) -> bool:
    return len(before) >= LEAST_PIXELS and bool(np.all([np.ptp(date, axis=0) > 0 for date in (before, after)]))


def _lines(before: Floats, after: Floats) -> tuple[Floats, Floats, float]:
    """Gain and offset (C,), and the sum of the weights they were found with."""
    pixels = ScenePixels(before, after)
    moments = _unchanged(pixels)
    if pixels.bands == 1:
        moments = _near_the_line(pixels, moments)
    return *_line(moments), moments.weight


def _unchanged(pixels: ScenePixels) -> Moments:
    """Of pixels by their probability of no change, after the last pass of IR-MAD that leaves enough of it."""
    # here, because SciPy takes as long to load as a tone to find, and a prediction that only tells it has tiles first
    from minenetcd.geo.no_change.mad import irmad
    from minenetcd.geo.no_change.passes import no_change

    for each in reversed(irmad(pixels)):
        moments = pixels.moments(no_change(each.statistic))
        if moments.is_sound(pixels.whole):
            return moments
    return pixels.whole


def _near_the_line(pixels: ScenePixels, moments: Moments) -> Moments:
    """Of pixels by their distance from the line, again and again, from that of `moments` on.

    In one band IR-MAD has nothing but the difference to tell change by, and keeps some of what its first pass took in.
    """
    for _ in range(MOST_STEPS):
        gain, offset = _line(moments)
        steady = pixels.moments(_biweight(pixels, gain, offset))
        if not steady.is_sound(pixels.whole):
            return moments
        moments = steady
        if abs(_line(moments)[0] / gain - 1) < 1e-4:
            break
    return moments


def _biweight(pixels: ScenePixels, gain: Floats, offset: Floats) -> Callable[[Floats, Floats], Floats]:
    """Tukey's, of the distance from the line: 1 on it, 0 from OUTLIER of the pixels' deviations on."""

    def distance(before: Floats, after: Floats) -> Floats:
        return np.abs(before - gain * after - offset)[:, 0]

    scale = float(np.median(distance(pixels.before, pixels.after))) / NORMAL_MEDIAN
    reach = max(OUTLIER * scale, np.finfo(np.float64).tiny)
    return lambda before, after: (1 - np.minimum(distance(before, after) / reach, 1) ** 2) ** 2


def _line(moments: Moments) -> tuple[Floats, Floats]:
    """Gain and offset (C,) of the reduced major axis of every band."""
    (deviation, deviation_after), (mean, mean_after) = np.split(moments.deviation, 2), np.split(moments.mean, 2)
    gain = deviation / deviation_after
    return gain, mean - gain * mean_after


def _agreement(before: Floats, toned: Floats) -> Floats:
    """Share (C,) of pixels whose dates are near to each other, over what it is between pixels paired by chance.

    Unlike a correlation it asks nothing of what changed, however much that is.
    """
    near = NEAR * before.std(axis=0)
    by_chance = np.random.default_rng(0).permutation(len(toned))
    share, chance = ((np.abs(before - other) < near).mean(axis=0) for other in (toned, toned[by_chance]))
    agreement: Floats = (share - chance) / (1 - chance)
    return agreement
