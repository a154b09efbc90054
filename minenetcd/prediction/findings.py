"""What makes a map doubtful, as sentences for people: each says what was seen, what it means, and what to do."""

from dataclasses import replace

from minenetcd.geo.align import AlignedPair
from minenetcd.geo.sample import SceneSample
from minenetcd.prediction.adjusting import Adjustment
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.options import FINEST_GSD_FACTOR
from minenetcd.prediction.pair_checks.check import check_changed_share, check_pair


def with_findings(
    facts: SceneFacts, native: AlignedPair, adjustment: Adjustment, *, changed_share: float
) -> SceneFacts:
    """`facts` with what was found in the pair and done about it, and what to doubt, the images first."""
    doubts = [
        *check_pair(native, SceneSample(native)),
        *adjustment.doubts(),
        *check_changed_share(changed_share),
        *_detector_doubts(facts),
    ]
    if facts.analysed_at is not None:
        image = native.grid.mean_metres if native.grid.is_georeferenced else facts.analysed_at
        doubts += _scale_doubts(facts, image, facts.analysed_at)
    return replace(facts, adjustments=adjustment.rows(), warnings=tuple(doubts))


def _detector_doubts(facts: SceneFacts) -> list[str]:
    found = []
    if not facts.provenance.is_ready:
        found.append(
            f"{facts.model} names no data it was trained on: unless it was trained, its map means nothing; "
            "use trained weights."
        )
    if not facts.fits_numbers:
        found.append(
            f"{facts.model} was made for 8-bit images, these hold {facts.before.dtype} and {facts.after.dtype} "
            "numbers, which were stretched by a rule: it may miss or invent change; state what is black and white "
            "(--range LOW,HIGH), or use a detector without training (--model irmad)."
        )
    return found


def _scale_doubts(facts: SceneFacts, image: float, analysed: float) -> list[str]:
    """What to know where pixels of an `image` are `analysed` at other metres, and by a detector for others."""
    found = []
    if analysed < image * FINEST_GSD_FACTOR:
        found.append(
            f"The pixels are {image:.3g} m, and were analysed at {analysed:.3g} m: finer pixels hold no more than the "
            "image does; leave --gsd out."
        )
    if facts.scale is not None and not facts.fits_scale:
        low, high = facts.scale
        found.append(
            f"The pixels analysed are {analysed:.3g} m, {facts.model} is good for {low:.3g} to {high:.3g} m and may "
            f"miss or invent change: use a detector trained near {analysed:.3g} m, or one without training (--model "
            "irmad)."
        )
    return found
