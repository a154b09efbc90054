"""Lint, format and types hold: what `poe lint`, `poe format-check` and `poe types` ask."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


CHECKS = [
    "ruff check --quiet .",
    "ruff format --check --quiet .",
    pytest.param("mypy", marks=pytest.mark.slow),  # a minute, the first time
]


@pytest.mark.parametrize("command", CHECKS)
def test_style(command: str) -> None:
    result = subprocess.run([sys.executable, "-m", *command.split()], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
