"""What the pixels of a pair say about what its map is worth: findings, as sentences for people.

Each says what was seen, what it can mean for the map, and what to do.
"""

from collections.abc import Sequence

import numpy as np

from minenetcd.display.words import percent
from minenetcd.geo.align import AlignedPair, Pair
from minenetcd.prediction.pair_checks.clouds import LEAST_SHARE, clouded_share
from minenetcd.prediction.pair_checks.coverage import (
    overlap_findings,
    place_findings,
    resolution_findings,
    validity_findings,
)
from minenetcd.prediction.pair_checks.frames import filling_findings, find_frames, frame_findings
from minenetcd.prediction.pair_checks.numbers import number_findings, shared_filling
from minenetcd.prediction.pair_checks.thinned import ThinnedPair, thinned

#: Of fewer pixels nothing is said but that they are few.
LEAST_PIXELS = 64
#: More of a scene than this rarely changes between two dates.
MOST_CHANGED = 0.5


def check_pair(pair: AlignedPair, sample: Sequence[Pair]) -> list[str]:
    """What is wrong, maybe, with `pair`; `sample` holds windows of it (`minenetcd.geo.sample`), each read once."""
    seen = thinned(sample)
    findings = [
        *filling_findings(pair),
        *place_findings(pair),
        *overlap_findings(pair),
        *validity_findings(pair, seen.valid),
        *resolution_findings(pair),
    ]
    if len(seen.before.pixels) < LEAST_PIXELS:
        return findings
    before, after = seen.before.pixels, seen.after.pixels
    frames = find_frames(pair, before, after)
    ground = ~np.any([frame.inside for frame in frames], axis=0) if frames else np.ones(len(before), bool)
    of_numbers = [
        *number_findings("before", before[ground], after[ground], pair.before.bands),
        *number_findings("after", after[ground], before[ground], pair.after.bands),
    ]
    return [
        *findings,
        *frame_findings(frames),
        *of_numbers,
        *shared_filling(before[ground], after[ground]),
        *_cloud_findings(seen),
    ]


def check_changed_share(share: float, advice: Sequence[str] = ()) -> list[str]:
    """What to know where so much of what was analysed, 0 to 1, is called changed; `advice`: what is left to try."""
    if share <= MOST_CHANGED:
        return []
    return [
        f"{percent(share)} of the scene is called changed: rarely so on the ground, often where season, tone or "
        "sensor differ, or the images lie apart; look at both in the report, and try "
        f"{' or '.join([*advice, 'dates of one season'])}."
    ]


def _cloud_findings(seen: ThinnedPair) -> list[str]:
    dates = {"before": (seen.before, seen.after), "after": (seen.after, seen.before)}
    shares = {name: clouded_share(*both) for name, both in dates.items()}
    return [
        f"About {percent(share)} of the {name} image is bright, without colour and smooth, where the other one is "
        "not: clouds, haze or snow, maybe, which show as change, or new white ground or roofs; look at both in the "
        "report, and give a clear image, or mask clouds (--mask, --clouds)."
        for name, share in shares.items()
        if share > LEAST_SHARE
    ]
