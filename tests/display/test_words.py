"""Numbers in words."""

import pytest

from minenetcd.display.words import percent

WORDS = {0: "0 %", 1: "100 %", 0.99999: "99.9 %", 0.998: "99.8 %", 0.421: "42 %", 0.0421: "4.2 %", 2e-4: "0.02 %"}


@pytest.mark.parametrize(("share", "words"), WORDS.items())
def test_only_none_and_all_are_0_and_100_percent(share: float, words: str) -> None:
    assert percent(share) == words
