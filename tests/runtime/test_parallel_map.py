"""Workers do not wait for threads they do not have, and where one is killed, one line says so."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minenetcd.errors import WorkerLostError
from minenetcd.runtime.parallel_map import parallel_map

#: Turning a large tensor over takes more than one OpenMP thread, in the parent first.
SCRIPT = """
import torch
from minenetcd.runtime.parallel_map import parallel_map

def turned(side: int) -> int:
    return torch.zeros(side, side, 3).permute(2, 0, 1).contiguous().shape[0]

if __name__ == "__main__":
    torch.set_num_threads(2)
    turned(500)
    with parallel_map(2) as mapped:
        print(*mapped(turned, [500] * 4))
"""


def test_workers_do_not_wait_for_threads_of_their_parent(tmp_path: Path) -> None:
    # in a process of its own, which a time limit can end; it imports torch, hence takes more than a second
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.stdout.split() == ["3"] * 4, done.stderr


def kill_itself(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_where_a_worker_is_killed_one_line_says_so() -> None:
    with (
        pytest.raises(WorkerLostError, match="was killed, most likely because memory ran out"),
        parallel_map(2) as mapped,
    ):
        list(mapped(kill_itself, range(2)))


def work_long(folder: Path) -> None:
    """What is begun is cleared away, however it ends."""
    (folder / "begun").touch()
    try:
        time.sleep(60)
    finally:
        (folder / "begun").unlink()
        (folder / "cleared").touch()


def test_an_interruption_stops_what_is_begun_and_waits_for_none_of_it(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abcdef"]
    for folder in folders:
        folder.mkdir()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), parallel_map(2) as mapped:
        mapped(work_long, folders)
        while len(list(tmp_path.glob("*/begun"))) < 2:
            time.sleep(0.01)
            assert time.monotonic() - started < 30
        started = time.monotonic()
        raise KeyboardInterrupt
    assert time.monotonic() - started < 10
    assert sorted(path.parent.name for path in tmp_path.glob("*/cleared")) == ["a", "b"]
    assert not list(tmp_path.glob("*/begun"))
