"""Whether a detector became better, by parts that trained and chose nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.display.words import counted
from minenetcd.evaluation.by_site import pool
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.significance import Interval, bootstrap, count_table, exchange_test, interval, measure
from minenetcd.labelling.learning.judging import Counted, Unit

Answer = Literal["better", "not better", "cannot tell"]

#: A difference that chance makes more often than this says nothing.
LEVEL = 0.05

#: From so many held-out sites on they are what is exchanged; of fewer, no exchange of sites could tell anything.
LEAST_SITES = 6

#: A place counts as found where at least this share of its pixels is.
FOUND = 0.5


@dataclass(frozen=True)
class Score:
    """How a detector does on what was held out; intervals of 95 %, None where they are undefined.

    `found` of the `accepted` places are still called changed for the most part, and so are `called` of the `rejected`.
    """

    counts: Confusion
    f1_interval: Interval | None
    ciou_interval: Interval | None
    accepted: int
    found: int
    rejected: int
    called: int

    @property
    def f1(self) -> float:
        return self.counts.f1 or 0.0

    @property
    def ciou(self) -> float:
        return self.counts.ciou or 0.0

    def __str__(self) -> str:
        return f"F1 {self.f1:.3f}, cIoU {self.ciou:.3f}"

    def as_json(self) -> dict[str, Any]:
        return {
            **asdict(self.counts),
            **{name: getattr(self.counts, name) for name in ("precision", "recall", "f1", "ciou")},
            "f1_interval": self.f1_interval,
            "ciou_interval": self.ciou_interval,
            "accepted_places": self.accepted,
            "of_these_found": self.found,
            "rejected_places": self.rejected,
            "of_these_called_changed": self.called,
        }


@dataclass(frozen=True)
class Comparison:
    """Two detectors on the same held-out places. `p_value` of the exchange test on F1, None where it is undefined.

    `unit`: what is exchanged and drawn, "site" or "place"; `units`: how many there are.
    """

    before: Score
    after: Score
    p_value: float | None
    difference: Interval | None  # of F1
    unit: Literal["site", "place"]
    units: int

    @property
    def answer(self) -> Answer:
        """Whichever way they differ, it may be by chance."""
        if self.before.counts == self.after.counts:
            return "not better"
        if self.p_value is None or self.p_value >= LEVEL:
            return "cannot tell"
        return "better" if self.after.f1 > self.before.f1 else "not better"

    @property
    def in_words(self) -> str:
        """One sentence for whoever has to choose between both."""
        places = counted(self.before.accepted + self.before.rejected, "held-out place")
        doubt = ", which chance makes as well" if self.answer == "cannot tell" else ""
        chance = "" if self.p_value is None else f", p = {self.p_value:.2g}"
        return f"{self.answer.capitalize()}: F1 {self.before.f1:.3f} -> {self.after.f1:.3f} on {places}{doubt}{chance}."


def compare(before: Counted, after: Counted, sites_of_parts: Sequence[str]) -> Comparison:
    """`sites_of_parts`: the site of each part, by the numbers of the units."""
    keys = [key for key in before.units if key in after.units]
    unit: Literal["site", "place"] = "site" if len(set(sites_of_parts)) >= LEAST_SITES else "place"
    groups = [sites_of_parts[key.part] if unit == "site" else f"{key.part} {key.place}" for key in keys]
    tables = [count_table(pool(groups, (each.units[key] for key in keys)).values()) for each in (before, after)]
    counts = np.stack(tables)
    drawn = bootstrap(counts)
    p_value = float(exchange_test(counts, ["f1"])["f1"][0, 1])
    moved = measure(drawn[1], "f1") - measure(drawn[0], "f1")
    scores = [_score(each, drawn[place], keys) for place, each in enumerate((before, after))]
    return Comparison(
        scores[0], scores[1], None if np.isnan(p_value) else p_value, interval(moved), unit, counts.shape[1]
    )


def _score(each: Counted, drawn: NDArray[np.int64], keys: Sequence[Unit]) -> Score:
    places = [each.units[key] for key in keys if key.place > 0]
    changed = [place for place in places if place.tp + place.fn]
    unchanged = [place for place in places if not place.tp + place.fn]
    return Score(
        sum((each.units[key] for key in keys), Confusion()),
        interval(measure(drawn, "f1")),
        interval(measure(drawn, "ciou")),
        len(changed),
        sum(place.tp >= FOUND * (place.tp + place.fn) for place in changed),
        len(unchanged),
        sum(place.fp >= FOUND * place.pixels for place in unchanged),
    )


@dataclass(frozen=True)
class Learned:
    """What came of learning. `detector`: the new one, saved in `folder`, whatever the answer.

    `learned_from`: how many scenes, sites, places and pixels of each kind. `judged_on`: the scenes, or scenes of which
    a part, that were held out. `notes`: what a reader of the scores should know.
    """

    detector: ChangeDetector
    folder: Path
    start: str
    comparison: Comparison
    learned_from: Mapping[str, Any]
    judged_on: tuple[str, ...]
    by_site: bool
    knows_ground: bool
    notes: tuple[str, ...]

    @property
    def answer(self) -> Answer:
        return self.comparison.answer

    @property
    def decision(self) -> str:
        """From where on the new detector calls a pixel changed: as it was judged, and as it is saved."""
        return f"The new detector calls changed what has a probability of {self.detector.threshold:g} or more."

    @property
    def advice(self) -> str:
        """Which of both to use."""
        if self.answer == "better":
            return f"Use {self.folder} (--model {self.folder})."
        if self.answer == "not better":
            return f"Keep {self.start}: what was learned is saved in {self.folder} all the same."
        return (
            f"Keep {self.start} until more is judged: what was learned is saved in {self.folder}, and a later round "
            "may start from either."
        )

    def as_json(self) -> dict[str, Any]:
        comparison = self.comparison
        return {
            "answer": self.answer,
            "in_words": comparison.in_words,
            "advice": self.advice,
            "before": comparison.before.as_json(),
            "after": comparison.after.as_json(),
            "f1_difference_interval": comparison.difference,
            "p_value": comparison.p_value,
            "unit": comparison.unit,
            "units": comparison.units,
            "judged_on": list(self.judged_on),
            "held_out_by_site": self.by_site,
            "ground_is_known": self.knows_ground,
            "learned_from": self.learned_from,
            "notes": list(self.notes),
            "start": self.start,
            "detector": self.detector.name,
            "threshold": self.detector.threshold,
            "decision": self.decision,
            "folder": str(self.folder),
        }
