"""A disk that is full ends a command with one line; nothing half written is left, and what was there stays."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from robustness.killed import Running
from robustness.works import WORKS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes in /proc")]

#: Less than any of the commands writes.
SMALL = 20_000


@pytest.mark.parametrize("command", ["predict", "data build", "train"])
def test_files_that_cannot_grow(command: str, tmp_path: Path) -> None:
    """As of a quota: a file takes no more than so many bytes."""
    folder = tmp_path / "site"
    folder.mkdir()
    work = WORKS[command](folder)
    before = set(folder.rglob("*"))
    running = Running(work.words, folder, most_bytes=SMALL)
    assert running.wait() and running.code == 1, running.log
    running.assert_one_line()
    work.shown(folder / "out")
    if command == "predict":
        assert set(folder.rglob("*")) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty folder `out`, which holds 256 KiB, in the folder of a site."""
    place = tmp_path / "site" / "out"
    place.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"a small disk takes the right to mount one: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("command", ["predict", "data build"])
def test_a_disk_that_is_full(command: str, small_disk: Path) -> None:
    folder = small_disk.parent
    work = WORKS[command](folder)
    running = Running(work.words, folder)
    assert running.wait() and running.code == 1, running.log
    running.assert_one_line()
    assert command != "predict" or not list(small_disk.iterdir())
