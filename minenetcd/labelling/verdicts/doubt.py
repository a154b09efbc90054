"""Which polygons are worth a look first: those whose area depends most on what a person says.

The doubt of a polygon is 0 to 1, the mean of
- how near its mean probability is to the threshold: 1 at the threshold, 0 at a probability of 1;
- the share of it that the second opinion does not call changed.
Where there was no second opinion, or no probability was kept, it is the other one alone, and 1 without both. Times its
area it says how many hectares may be wrong, and by that the queue goes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """A polygon as the queue sees it: `confidence`, `threshold` and `agreement` are 0 to 1; None where not known."""

    id: int
    area: float
    confidence: float | None
    threshold: float | None
    agreement: float | None


def doubt(confidence: float | None, threshold: float | None, agreement: float | None) -> float:
    """0 to 1, as above."""
    parts = [
        *([] if confidence is None else [_nearness(confidence, threshold or 0.0)]),
        *([] if agreement is None else [1 - _within(agreement)]),
    ]
    return sum(parts) / len(parts) if parts else 1.0


def most_doubtful_first(polygons: Iterable[Measured]) -> list[int]:
    """Their ids, largest doubt x area first; of equal ones the smaller id."""
    rows: Sequence[tuple[float, int]] = [
        (-doubt(each.confidence, each.threshold, each.agreement) * each.area, each.id) for each in polygons
    ]
    return [id for _, id in sorted(rows)]


def _nearness(confidence: float, threshold: float) -> float:
    room = 1 - _within(threshold)
    return 1 - _within((confidence - threshold) / room) if room > 0 else 0.0


def _within(value: float) -> float:
    return min(max(value, 0.0), 1.0)
