"""A command of the package in this process, with a limit of time and of memory."""

import contextlib
import faulthandler
import io
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple
from unittest import mock

import pytest

from minenetcd.cli.main import run

MIB = 2**20


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def told(self) -> str:
        return f"exit {self.code}\n{self.output[-3000:]}\n{self.errors[-3000:]}"


class TookTooLong(BaseException):
    """The limit of time: no Exception, so that the command takes it for none of its own."""


def run_command(words: Sequence[str], folder: Path, *, name: str, seconds: float, mebibytes: int) -> Ended:
    """`minenetcd WORDS` in `folder`; a limit that is passed fails the test by the case's `name`."""
    output, errors = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        mock.patch.object(sys, "argv", ["minenetcd", *words]),
        mock.patch.object(tempfile, "tempdir", str(folder)),  # what stays there is seen
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        _memory_limit(name, mebibytes),
        _time_limit(name, seconds),
    ):
        try:
            run()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Ended(code, output.getvalue(), errors.getvalue())


@contextlib.contextmanager
def _time_limit(name: str, seconds: float) -> Iterator[None]:
    """An exception where Python runs; where a library does not come back, this process ends, and tells where it was."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(4 * seconds, exit=True, file=sys.__stderr__)
    try:
        yield
    except TookTooLong:
        pytest.fail(f"{name} took longer than {seconds:g} s")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _memory_limit(name: str, mebibytes: int) -> Iterator[None]:
    """Address space for twice as much is all there is; what was resident at most is measured where Linux tells it."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    measured = _resident("VmSize")
    if measured is not None:
        resource.setrlimit(resource.RLIMIT_AS, (measured + (2 * mebibytes + 1024) * MIB, limits[1]))
    before = _forget_peak()
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    peak = _resident("VmHWM")
    if before is not None and peak is not None and peak - before > mebibytes * MIB:
        pytest.fail(f"{name} took {(peak - before) / MIB:.0f} MiB, and {mebibytes} are allowed")


def _forget_peak() -> int | None:
    """Begin to measure anew; what is resident now, in bytes."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _resident("VmRSS")


def _resident(key: str) -> int | None:
    """In bytes; None where the system has no such file."""
    if not os.path.exists("/proc/self/status"):
        return None
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))
