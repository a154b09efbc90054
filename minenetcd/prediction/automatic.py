"""Which detectors read a pair: the one that fits it, or one that is given, and the other kind beside it.

Those that are chosen here come with the package: nothing is fetched.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from minenetcd.detectors.by_name import OWN_CHOICE, DetectorOptions, open_detector
from minenetcd.detectors.choice import Choice, choose, other_kind
from minenetcd.detectors.contract import Detector
from minenetcd.geo.align import shared_bands
from minenetcd.prediction.opening import Bands, OpenedScene
from minenetcd.prediction.options import PredictOptions

#: A second opinion is cheap up to here. [pixels]
CHEAP = 16 * 1024**2


class Readers(NamedTuple):
    """Who reads a pair, and how.

    `reason`: why `detector`, where it was chosen. `second_is_asked`: whether somebody asked for the second opinion,
    and no map is wanted without it.
    """

    detector: Detector
    second: Detector | None
    options: PredictOptions
    reason: str | None = None
    second_is_asked: bool = True

    def bands(self, detector: Detector) -> tuple[Bands, Bands]:
        """The numbers of the bands that `detector`, one of the two, reads of each date; None: as it wants.

        Where detectors were chosen, the bands of the options are red, green and blue, for networks alone.
        """
        if self.reason is not None and detector.bands is None:
            return None, None
        return self.options.bands, self.options.bands_after


def choose_readers(
    scene: OpenedScene,
    options: PredictOptions,
    *,
    wanted: DetectorOptions = OWN_CHOICE,
    second_opinion: bool | None = None,
) -> Readers:
    """The detector that fits `scene`, which was opened with every band, as `wanted` asks for.

    Tone and displacement are taken out where that was found to help, unless `options` say otherwise, and a second
    opinion is given where it is cheap and the other kind of detector fits, too.
    """
    choice = _choice(scene, options, wanted)
    tone = choice.tone if options.tone is None else options.tone
    coregister = choice.coregister if options.coregister is None else options.coregister
    is_asked = second_opinion is not None
    if second_opinion is None:
        area = scene.native.overlap
        second_opinion = choice.second_fits and area.height * area.width <= CHEAP
    return Readers(
        open_detector(choice.name, choice.options),
        open_detector(choice.second, choice.second_options) if second_opinion else None,
        replace(options, tone=tone, coregister=coregister),
        choice.reason,
        is_asked,
    )


def given_readers(
    detector: Detector,
    options: PredictOptions,
    *,
    wanted: DetectorOptions = OWN_CHOICE,
    second_opinion: bool | None = None,
) -> Readers:
    """`detector`, and where a second opinion is asked for the other kind beside it, as `wanted` asks for."""
    second = open_detector(*other_kind(detector, wanted)) if second_opinion else None
    return Readers(detector, second, options)


def _choice(scene: OpenedScene, options: PredictOptions, wanted: DetectorOptions) -> Choice:
    """What `choose` makes of all bands that both dates share, whichever are called red, green and blue."""
    pair, bands = scene.native, shared_bands(scene.before, scene.after)[0]
    metres = options.analysed_metres(pair.grid)
    eight_bit = pair.before.dtype == pair.after.dtype == np.uint8
    return choose(metres=metres, bands=len(bands), is_eight_bit=eight_bit, wanted=wanted)
