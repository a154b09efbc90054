"""Commands that are killed at a share of the time they take: what they are, and what has to be true afterwards."""

import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

#: Imported once, in the process from which every killed command is forked: kills then meet work, not imports.
PRELOADED = [
    "torch", "minenetcd.cli.main", "minenetcd.prediction.scene", "minenetcd.prediction.automatic",
    "minenetcd.classical.catalog",
    "minenetcd.building.build", "minenetcd.training.train", "minenetcd.benchmark.run", "rasterio", "geopandas",
    "pyogrio",
]  # fmt: skip

#: For a command to end, and for what it started to notice that it is gone. [seconds]
PATIENCE = 240.0

_NUMBERS = count()


@dataclass(frozen=True)
class Work:
    """`words` of a command that writes to the folder `out`, and `again`: those to go on with, in the same directory.

    `shown` raises AssertionError where something in `out` that a user sees is not whole; `result` is what two runs that
    ended well have in common.
    """

    words: Sequence[str]
    again: Sequence[str]
    shown: Callable[[Path], None]
    result: Callable[[Path], Any]


class Running:
    """A command, in a process group of its own."""

    def __init__(self, words: Sequence[str], folder: Path, *, most_bytes: int | None = None) -> None:
        """`most_bytes`: the size at which no file grows any more."""
        self._log = folder.parent / f"log-{next(_NUMBERS)}"
        context = get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self._process = context.Process(target=_command, args=(list(words), str(folder), str(self._log), most_bytes))
        self._process.start()
        self.began = time.monotonic()

    def wait(self, seconds: float = PATIENCE) -> bool:
        """Whether it has ended by then."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def send(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    @property
    def code(self) -> int | None:
        """As the operating system tells it: minus the signal that ended the process."""
        return self._process.exitcode

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def assert_one_line(self) -> None:
        """What it tells in the end is one error, which it knows, and nothing like it before."""
        lines = self.log.splitlines()
        assert [line for line in lines if "Error: " in line] == lines[-1:], self.log
        assert "Error: unexpected" not in self.log and "Traceback" not in self.log, self.log

    def others_end(self) -> bool:
        """Whether what it started ends by itself, too."""
        end = time.monotonic() + PATIENCE
        while _alive_in_group(self._process.pid):
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True


def _command(words: list[str], folder: str, log: str, most_bytes: int | None) -> None:
    """Runs in the forked process."""
    os.setpgid(0, 0)
    if most_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    os.chdir(folder)
    scratch = Path(folder).parent / "scratch"
    scratch.mkdir(exist_ok=True)
    os.environ["TMPDIR"], tempfile.tempdir = str(scratch), str(scratch)
    with open(log, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
    from minenetcd.cli.main import run  # only here: it is forked, and the test itself needs none of it

    sys.argv = ["minenetcd", *words]
    run()


def _alive_in_group(group: int | None) -> bool:
    """Without those that have ended and wait to be asked for it."""
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of_group = place.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(of_group) == group and state not in "ZX":
            return True
    return False


def whole(work: Work, folder: Path) -> tuple[float, Any, set[str]]:
    """Seconds, result and names of files of a run that nobody disturbs."""
    running = Running(work.words, folder)
    assert running.wait() and running.code == 0, running.log
    return time.monotonic() - running.began, work.result(folder / "out"), names_in(folder)


def kill(work: Work, folder: Path, seconds: float, number: int) -> bool:
    """Begin, and kill after so long: whether it was in time. What is left to see is whole."""
    running = Running(work.words, folder)
    if running.wait(seconds):
        assert running.code == 0, running.log
        return False
    running.send(number)
    assert running.wait(), f"it goes on after signal {number}\n{running.log}"
    assert running.code in (-number, 128 + number, 0), f"it ended with {running.code}\n{running.log}"
    assert "Traceback" not in running.log, running.log
    if number != signal.SIGKILL and running.code:
        running.assert_one_line()
    assert running.others_end(), "what it started lives on"
    work.shown(folder / "out")
    return running.code != 0


def go_on(work: Work, folder: Path) -> tuple[Any, set[str]]:
    running = Running(work.again if (folder / "out").exists() else work.words, folder)
    assert running.wait() and running.code == 0, running.log
    work.shown(folder / "out")
    return work.result(folder / "out"), names_in(folder)


def names_in(folder: Path) -> set[str]:
    """Everything below, also what is hidden, and what lies in the folder for temporary files."""
    scratch = folder.parent / "scratch"
    return {str(path.relative_to(folder)) for path in folder.rglob("*")} | set(os.listdir(scratch))
