"""As test_kills, of the command that takes longest: in a file of its own, so that both run side by side."""

import sys
from pathlib import Path

import pytest

from robustness.kill_checks import NUMBERS, check_killed

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")]


@pytest.mark.parametrize("number", NUMBERS)
def test_killed(number: int, tmp_path: Path) -> None:
    check_killed("benchmark", number, tmp_path)
