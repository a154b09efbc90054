"""Numbers in words."""

import pytest

from minenetcd.display.words import percent, size

WORDS = {0: "0 %", 1: "100 %", 0.99999: "99.9 %", 0.998: "99.8 %", 0.421: "42 %", 0.0421: "4.2 %", 2e-4: "0.02 %"}


@pytest.mark.parametrize(("share", "words"), WORDS.items())
def test_only_none_and_all_are_0_and_100_percent(share: float, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0.0 kB"), (999_999, "1000.0 kB"), (1e6, "1.0 MB"), (2.5e9, "2.5 GB")]
)
def test_a_size_is_in_powers_of_1000(count: int, words: str) -> None:
    assert size(count) == words
    assert size(999_999, exact_below=1e6) == "999,999 bytes" and size(1e6, exact_below=1e6) == "1.0 MB"
