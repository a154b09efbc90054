"""Which detectors read a pair: the one that fits it, or one that is given, and the other kind beside it.

Those that are chosen here come with the package: nothing is fetched.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from minenetcd.detectors.by_name import OWN_CHOICE, DetectorOptions, open_detector
from minenetcd.detectors.choice import Choice, choose, other_kind
from minenetcd.detectors.contract import Detector
from minenetcd.errors import RasterError
from minenetcd.geo.align import AlignedPair, Pair, shared_bands
from minenetcd.geo.sample import SceneSample
from minenetcd.prediction.opening import Bands, OpenedScene
from minenetcd.prediction.options import PredictOptions

#: Gives the detector of a name, with options.
OpenDetector = Callable[[str, DetectorOptions], Detector]

#: A second opinion is cheap up to here. [pixels]
CHEAP = 16 * 1024**2


class Readers(NamedTuple):
    """Who reads a pair, and how.

    `reason`: why `detector`, where it was chosen. `second_is_asked`: whether somebody asked for the second opinion,
    and no map is wanted without it. `without_training`: the bands of each date for detectors that were chosen and read
    any number of them; None: all that both dates share.
    """

    detector: Detector
    second: Detector | None
    options: PredictOptions
    reason: str | None = None
    second_is_asked: bool = True
    without_training: tuple[Bands, Bands] = (None, None)

    def bands(self, detector: Detector) -> tuple[Bands, Bands]:
        """The numbers of the bands that `detector`, one of the two, reads of each date; None: as it wants.

        Where detectors were chosen, the bands of the options are red, green and blue, for networks alone; others read
        all bands but those which show nothing.
        """
        if self.reason is not None and detector.bands is None:
            return self.without_training
        return self.options.bands, self.options.bands_after


def choose_readers(
    scene: OpenedScene,
    options: PredictOptions,
    *,
    wanted: DetectorOptions = OWN_CHOICE,
    second_opinion: bool | None = None,
    opened: OpenDetector = open_detector,
) -> Readers:
    """The detector that fits `scene`, which was opened with every band, as `wanted` asks for.

    Tone and displacement are taken out where that was found to help, unless `options` say otherwise, and a second
    opinion is given where it is cheap and the other kind of detector fits, too. `opened` may keep detectors for
    the next scene.
    """
    bands = _bands_without_training(scene, options)
    choice = _choice(scene, options, len(bands[0]), wanted)
    tone = choice.tone if options.tone is None else options.tone
    coregister = choice.coregister if options.coregister is None else options.coregister
    is_asked = second_opinion is not None
    if second_opinion is None:
        second_opinion = choice.second_fits and _is_cheap(scene.native)
    return Readers(
        opened(choice.name, choice.options),
        opened(choice.second, choice.second_options) if second_opinion else None,
        replace(options, tone=tone, coregister=coregister),
        choice.reason,
        is_asked,
        bands,
    )


def given_readers(
    detector: Detector,
    options: PredictOptions,
    *,
    wanted: DetectorOptions = OWN_CHOICE,
    second_opinion: bool | None = None,
    opened: OpenDetector = open_detector,
) -> Readers:
    """`detector`, and where a second opinion is asked for the other kind beside it, as `wanted` asks for."""
    second = opened(*other_kind(detector, wanted)) if second_opinion else None
    return Readers(detector, second, options)


def is_second_opinion_usual(pair: AlignedPair, metres: float | None) -> bool:
    """Whether IR-MAD reads such a pair beside the network where nobody names a detector; `metres` per pixel."""
    choice = choose(metres=metres, bands=len(pair.before.bands), is_eight_bit=_is_eight_bit(pair))
    return choice.second_fits and _is_cheap(pair)


def _is_cheap(pair: AlignedPair) -> bool:
    return bool(pair.overlap.height * pair.overlap.width <= CHEAP)


def _is_eight_bit(pair: AlignedPair) -> bool:
    return bool(pair.before.dtype == pair.after.dtype == np.uint8)


def _choice(scene: OpenedScene, options: PredictOptions, bands: int, wanted: DetectorOptions) -> Choice:
    """What `choose` makes of so many bands, whichever are called red, green and blue."""
    metres = options.analysed_metres(scene.native.grid)
    return choose(metres=metres, bands=bands, is_eight_bit=_is_eight_bit(scene.native), wanted=wanted)


def _bands_without_training(scene: OpenedScene, options: PredictOptions) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The numbers of the bands that both dates share; where the options name bands, without others that show nothing.

    Those are one number everywhere. Where none but the named ones can be read, it is these.
    """
    every = shared_bands(scene.before, scene.after)
    if options.bands is None and options.bands_after is None:
        return every
    named = scene.native.before.bands, scene.native.after.bands
    try:
        with scene.reopened(*every) as pair:
            differ = _which_differ(SceneSample(pair), len(every[0]))
    except RasterError:  # a band without data anywhere, say
        return named
    kept = [
        numbers
        for numbers, differs in zip(zip(*every, strict=True), differ, strict=True)
        if differs or any(number in names for number, names in zip(numbers, named, strict=True))
    ]
    return tuple(before for before, _ in kept), tuple(after for _, after in kept)


def _which_differ(sample: Sequence[Pair], bands: int) -> list[bool]:
    """Which of so many bands hold more than one number in both dates; read until that is seen of all."""
    least, most = np.full((2, bands), np.inf), np.full((2, bands), -np.inf)
    for pair in sample:
        if pair.valid.any():
            pixels = np.stack([date[pair.valid] for date in (pair.before, pair.after)])  # (2, n, C)
            least, most = np.minimum(least, pixels.min(axis=1)), np.maximum(most, pixels.max(axis=1))
            if (least < most).all():
                break
    return [bool(differs.all()) for differs in (least < most).T]
