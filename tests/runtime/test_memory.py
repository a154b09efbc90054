"""Memory that was freed goes back to the system."""

import sys
from pathlib import Path

import numpy as np
import pytest

from minenetcd.runtime.memory import give_back_freed


def resident() -> int:
    """[pages]"""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is known to be kept")
def test_what_lies_between_arrays_in_use_is_given_back() -> None:
    arrays = [np.ones(2**16 - 64, np.uint8) for _ in range(2000)]  # too small for pages of their own
    del arrays[:-1]  # the last one keeps the others' pages in the heap
    held = resident()
    give_back_freed()
    assert held - resident() > 10_000  # of 32,000
    assert arrays[0].all()


def test_where_nothing_can_be_given_back_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    give_back_freed()
