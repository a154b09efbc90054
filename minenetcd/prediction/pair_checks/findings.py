"""What makes a map doubtful, as sentences for people: each says what was seen, what it means, and what to do."""

from dataclasses import dataclass, replace
from typing import Self

from minenetcd.detectors.engines.low_precision import MOST_UNWARNED
from minenetcd.detectors.engines.low_precision import in_words as in_low_precision
from minenetcd.display.words import percent, three_figures
from minenetcd.geo.sample import SceneSample
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.options import FINEST_GSD_FACTOR
from minenetcd.prediction.pair_checks.adjusting import Adjustment
from minenetcd.prediction.pair_checks.check import check_changed_share, check_pair
from minenetcd.prediction.pair_checks.dates import date_findings
from minenetcd.prediction.pair_checks.numbers import processing_findings

#: Below this share of what changed that a second opinion calls changed, too, it is said. A plain limit, not measured.
LEAST_AGREEMENT = 0.25


@dataclass(frozen=True)
class PairFindings:
    """What the images of a pair say, whatever is found to have changed: doubts, and what was adjusted, in words."""

    doubts: tuple[str, ...]
    adjustments: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, sample: SceneSample, adjustment: Adjustment, *, feels_tone: bool) -> Self:
        raised = processing_findings(sample.pair, feels_tone=feels_tone, tone_is_asked=adjustment.take_out_tone)
        doubts = (*raised, *check_pair(sample.pair, sample), *adjustment.doubts(feels_tone=feels_tone))
        return cls(doubts, adjustment.rows())


def with_findings(
    facts: SceneFacts, findings: PairFindings, *, changed_share: float, agreement: float | None = None
) -> SceneFacts:
    """`facts` with what was found in the pair and done about it, and what to doubt, the images first.

    `agreement`: the share of what changed that the second opinion calls changed, too.
    """
    doubts = [
        *facts.band_doubts,
        *date_findings(facts),
        *findings.doubts,
        *check_changed_share(changed_share, _left_to_try(facts)),
        *_opinion_doubts(facts, agreement),
        *_detector_doubts(facts),
        *_precision_doubts(facts),
    ]
    if facts.analysed_at is not None:
        image = facts.grid.mean_metres if facts.grid.is_georeferenced else facts.analysed_at
        doubts += _scale_doubts(facts, image, facts.analysed_at)
    return replace(facts, adjustments=findings.adjustments, warnings=tuple(doubts))


def _left_to_try(facts: SceneFacts) -> list[str]:
    """What may help that was not done."""
    found = ["--tone auto"] if facts.feels_tone and not facts.options.tone else []
    if not facts.options.coregister:
        found.append("--coregister auto")
    if facts.options.threshold is not None:
        return [*found, f"a threshold above {facts.threshold:g} (--threshold)"]
    is_trained = not facts.provenance.learns_each_scene
    return [*found, "a detector without training (--model irmad)" if is_trained else "another --threshold-rule"]


def _opinion_doubts(facts: SceneFacts, agreement: float | None) -> list[str]:
    if agreement is None or agreement >= LEAST_AGREEMENT or not facts.second_fits:
        return []
    return [
        f"The second opinion ({facts.second}) sees change in {percent(agreement)} of what {facts.model} calls changed: "
        "one of the two is wrong about most of it; look at both images where only one sees change before you use an "
        "area."
    ]


def _detector_doubts(facts: SceneFacts) -> list[str]:
    found = []
    if facts.why_no_second is not None:
        found.append(f"There is no second opinion, by {facts.why_no_second}")
    if not facts.provenance.is_ready:
        found.append(
            f"{facts.model} names no data it was trained on: unless it was trained, its map means nothing; "
            "use trained weights."
        )
    if not facts.fits_numbers:
        dtypes = " and ".join(dict.fromkeys((facts.before.dtype, facts.after.dtype)))
        found.append(
            f"{facts.model} was made for 8-bit images, these hold {dtypes} numbers, which were "
            "stretched by a rule: it may miss or invent change; state what is black and white "
            "(--range LOW,HIGH), or use a detector without training (--model irmad)."
        )
    return found


def _precision_doubts(facts: SceneFacts) -> list[str]:
    share, precision = facts.computed_by.decided_otherwise, facts.computed_by.precision
    if share is None or share <= MOST_UNWARNED:
        return []
    return [f"{in_low_precision(facts.model, precision, share)} Leave --precision out where that matters."]


def _scale_doubts(facts: SceneFacts, image: float, analysed: float) -> list[str]:
    """What to know where pixels of an `image` are `analysed` at other metres, and by a detector for others."""
    found, here = [], three_figures(analysed)
    if analysed < image * FINEST_GSD_FACTOR:
        found.append(
            f"The pixels are {three_figures(image)} m, and were analysed at {here} m: finer pixels hold no more than "
            "the image does; leave --gsd out."
        )
    if facts.scale is not None and not facts.fits_scale:
        low, high = map(three_figures, facts.scale)
        found.append(
            f"The pixels analysed are {here} m, {facts.model} is good for {low} to {high} m and may miss or invent "
            f"change: use a detector trained near {here} m, or one without training (--model irmad)."
        )
    return found
