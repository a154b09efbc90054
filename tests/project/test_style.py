"""Lint and format hold: what `poe lint` and `poe format-check` ask."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", ["ruff check", "ruff format --check"])
def test_style(command: str) -> None:
    run = [sys.executable, "-m", *command.split(), "--quiet", "."]
    result = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
