"""Commands that are killed at seeded moments, and what the next run makes of it."""

import random
import signal
from pathlib import Path
from typing import Any

import pytest

from robustness.killed import Work, go_on, kill, whole
from robustness.works import WORKS

#: Of each command: those in every run of the suite, and all of them.
FEW, ALL = 2, 12
EARLIEST, LATEST = 0.02, 0.98

_WHOLE: dict[str, tuple[float, Any, set[str]]] = {}

#: As parameters of a test: which kill, of which all but a few are long.
NUMBERS = [pytest.param(n, marks=[] if n < FEW else [pytest.mark.long]) for n in range(ALL)]


def moment(command: str, number: int) -> tuple[float, int]:
    """The share of its time at which the command is killed for the `number`-th time, and the signal: seeded.

    Kill by kill anywhere in a part of its own, so that few of them meet the beginning, the middle and the end alike.
    """
    rng = random.Random(f"{command} {number}")
    parts = FEW if number < FEW else ALL - FEW
    place = number if number < FEW else number - FEW
    share = EARLIEST + (LATEST - EARLIEST) * (place + rng.random()) / parts
    return share, signal.SIGTERM if number % 4 == 3 else signal.SIGKILL


def run_of(command: str, folder: Path) -> Work:
    folder.mkdir()
    return WORKS[command](folder)


def undisturbed(command: str, folder: Path) -> tuple[float, Any, set[str]]:
    """How long the command takes, its result and its files; it runs once, in `folder`."""
    if command not in _WHOLE:
        _WHOLE[command] = whole(run_of(command, folder), folder)
    return _WHOLE[command]


def check_killed(command: str, number: int, place: Path) -> None:
    """AssertionError where a command that was killed for the `number`-th time does not end in what it should."""
    seconds, result, names = undisturbed(command, place / "whole")
    share, signal_number = moment(command, number)
    for attempt in range(6):  # the machine may be quicker now
        folder = place / f"{attempt}" / "site"
        folder.parent.mkdir()
        work = run_of(command, folder)
        if kill(work, folder, share * seconds * 0.7**attempt, signal_number):
            break
    else:
        pytest.fail(f"{command} ends before it can be killed")
    if signal_number == signal.SIGTERM and command == "predict":
        assert not (folder / "out").exists(), "something stays of a run that was asked to end"
    again, left = go_on(work, folder)
    assert again == result
    assert left == names, f"left: {left - names}, missing: {names - left}"
