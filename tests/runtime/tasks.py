"""Functions that workers of a pool run."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from minenetcd.errors import DataError, RunInterrupted
from minenetcd.runtime.interruption import Interruption
from minenetcd.runtime.reporting import Reporter


def double(*, number: int, reporter: Reporter) -> dict[str, Any]:
    print("doubling")
    reporter.note(f"number {number}")
    reporter.progress("test", 1, 1)
    return {"number": 2 * number, "threads": os.environ["OMP_NUM_THREADS"], "process": os.getpid()}


def fail(*, reporter: Reporter) -> None:
    raise DataError("Data are needed,\nnone came: give some.")


def kill_itself(*, reporter: Reporter) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def run_until_stopped(*, saved: str, reporter: Reporter) -> None:
    """Works until it is asked to stop, then saves."""
    with Interruption() as interruption:
        reporter.progress("train", 1, 100)
        while not interruption.requested:
            time.sleep(0.01)
        time.sleep(0.2)  # a second signal would end this
        Path(saved).write_text("saved")
        raise RunInterrupted("stopped")
