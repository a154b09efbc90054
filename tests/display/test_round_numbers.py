"""Round numbers fit where they are asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minenetcd.display.round_numbers import round_down, round_numbers


def test_they_are_one_two_and_five_of_every_power_of_ten() -> None:
    assert round_numbers(0.4, 30) == pytest.approx([0.5, 1, 2, 5, 10, 20])
    assert round_numbers(6, 9) == []


@given(st.floats(1e-6, 1e9))
def test_the_next_one_below_is_more_than_a_third(value: float) -> None:
    assert value / 3 < round_down(value) <= value
