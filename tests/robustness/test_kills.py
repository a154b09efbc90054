"""Killed at seeded moments, each command goes on, or begins anew, to the result of a run that nobody disturbed."""

import sys
from pathlib import Path

import pytest

from robustness.kill_checks import NUMBERS, check_killed
from robustness.works import WORKS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("command", [command for command in WORKS if command != "benchmark"])
def test_killed(command: str, number: int, tmp_path: Path) -> None:
    check_killed(command, number, tmp_path)
