"""Ctrl-C and SIGTERM end a command with one line and leave nothing; what a kill leaves goes with the next run."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fixtures.wide_pairs import write_tiff

pytestmark = pytest.mark.slow  # real processes, which import torch


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pair that takes some seconds to analyse."""
    folder = tmp_path_factory.mktemp("images")
    fields = np.random.default_rng(0).integers(0, 200, (3, 50, 50), dtype=np.uint8)
    before = np.kron(fields, np.ones((1, 25, 25), np.uint8))
    after = before + np.random.default_rng(1).integers(0, 4, before.shape, dtype=np.uint8)
    after[:, 300:400, 300:500] = 250
    for name, image in (("before.tif", before), ("after.tif", after)):
        write_tiff(folder / name, image)
    return folder / "before.tif", folder / "after.tif"


def started(*arguments: object, cwd: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "minenetcd", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
    )  # fmt: skip


def wait_for_work(folder: Path) -> None:
    """Until something is computed in `folder`."""
    end = time.monotonic() + 120
    while not any(folder.glob(".minenetcd-*/*")):
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")]
)
def test_a_signal_ends_predict_with_one_line(
    images: tuple[Path, Path], tmp_path: Path, number: signal.Signals, code: int, word: str
) -> None:
    running = started("predict", *images, "--model", "irmad", "--out", "out", cwd=tmp_path)
    wait_for_work(tmp_path / "out")
    running.send_signal(number)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == code
    assert [line for line in errors.splitlines() if word in line] == errors.splitlines()[-1:]
    assert list(tmp_path.iterdir()) == []


def test_after_a_kill_the_next_run_clears_away_or_goes_on(images: tuple[Path, Path], tmp_path: Path) -> None:
    command = ["predict", *images, "--model", "irmad", "--out", "out"]
    running = started(*command, cwd=tmp_path)
    wait_for_work(tmp_path / "out")
    running.kill()
    running.communicate()
    done = subprocess.run(
        [sys.executable, "-m", "minenetcd", *map(str, command), "--resume", "--quiet"],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 8 and not list((tmp_path / "out").glob(".*"))


def test_two_runs_are_not_mixed(images: tuple[Path, Path], tmp_path: Path) -> None:
    command = ["predict", *images, "--model", "irmad", "--out", "out"]
    first = started(*command, cwd=tmp_path)
    wait_for_work(tmp_path / "out")
    second = started(*command, cwd=tmp_path)
    _, errors = second.communicate(timeout=120)
    assert second.returncode == 1 and f"Another run is at work in out (process {first.pid} on this machine" in errors
    first.communicate(timeout=120)
    assert first.returncode == 0
