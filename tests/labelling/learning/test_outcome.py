"""What is said of two detectors on the same held-out places."""

import pytest

from minenetcd.evaluation.confusion import Confusion
from minenetcd.labelling.learning.judging import Counted, Unit
from minenetcd.labelling.learning.outcome import LEAST_SITES, compare


def counted(*units: tuple[int, int, Confusion]) -> Counted:
    return Counted(units={Unit(part, place): confusion for part, place, confusion in units})


FOUND, MISSED = Confusion(tp=100), Confusion(fn=100)
CALLED, LEFT = Confusion(fp=100), Confusion(tn=100)


def places(*confusions: Confusion) -> Counted:
    return counted(*((0, number, confusion) for number, confusion in enumerate(confusions, start=1)))


def test_rejected_places_that_are_no_longer_called_are_better() -> None:
    both = [FOUND] * 4
    comparison = compare(places(*both, *[CALLED] * 8), places(*both, *[LEFT] * 8), ["one"])
    assert comparison.answer == "better" and comparison.units == 12 and comparison.unit == "place"
    assert comparison.p_value == pytest.approx(2 / 2**8)
    assert (comparison.after.found, comparison.after.accepted) == (4, 4)
    assert (comparison.before.called, comparison.after.called, comparison.after.rejected) == (8, 0, 8)
    assert comparison.in_words == "Better: F1 0.500 -> 1.000 on 12 held-out places, p = 0.0078."
    assert comparison.difference is not None and comparison.difference.low > 0


def test_few_places_cannot_tell_in_either_direction() -> None:
    good, bad = places(FOUND, FOUND, LEFT), places(FOUND, FOUND, CALLED)
    for before, after in ((good, bad), (bad, good)):
        comparison = compare(before, after, ["one"])
        assert (
            comparison.answer == "cannot tell"
            and "on 3 held-out places, which chance makes as well" in comparison.in_words
        )


def test_worse_and_the_same_are_not_better() -> None:
    worse = compare(places(*[FOUND] * 8), places(FOUND, *[MISSED] * 7), ["one"])
    assert worse.answer == "not better" and worse.p_value is not None and worse.p_value < 0.05
    same = compare(places(FOUND, CALLED), places(FOUND, CALLED), ["one"])
    assert same.answer == "not better" and same.p_value == 1


def test_enough_sites_are_what_is_exchanged() -> None:
    units = [(part, place, FOUND) for part in range(LEAST_SITES) for place in (1, 2)]
    before = counted(*units, *((part, 3, CALLED) for part in range(LEAST_SITES)))
    after = counted(*units, *((part, 3, LEFT) for part in range(LEAST_SITES)))
    comparison = compare(before, after, [str(part) for part in range(LEAST_SITES)])
    assert (comparison.unit, comparison.units) == ("site", LEAST_SITES)
    assert comparison.p_value == pytest.approx(2 / 2**LEAST_SITES) and comparison.answer == "better"


def test_ground_counts_as_pixels_and_is_no_place() -> None:
    before = counted((0, 1, FOUND), (0, -1, Confusion(fp=30, tn=70)))
    after = counted((0, 1, FOUND), (0, -1, LEFT))
    comparison = compare(before, after, ["one"])
    assert (comparison.before.accepted, comparison.before.rejected) == (1, 0)
    assert comparison.before.counts == Confusion(tp=100, fp=30, tn=70) and comparison.units == 2
