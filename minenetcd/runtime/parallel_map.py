"""`map` over several processes of this machine."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import parent_process
from types import FrameType
from typing import Any, NoReturn

from minenetcd.errors import WorkerLostError

#: For a worker that is asked to stop to clear away what it was writing. [seconds]
STOP_SECONDS = 1.0


@contextmanager
def parallel_map(workers: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """`map`, its results in order, over so many processes; with one, in this process.

    Where the block fails or is interrupted, what has not begun does not begin, and what has is stopped: its context
    managers end as after an error. WorkerLostError where a process is killed.
    """
    if workers <= 1:
        yield map
        return
    pool = ProcessPoolExecutor(workers, initializer=_begin)
    try:
        yield lambda function, *iterables: pool.map(partial(_call, function), *iterables)
    except BaseException as error:
        _stop(pool)
        if not isinstance(error, BrokenProcessPool):
            raise
        raise WorkerLostError(
            "A process that shared the work was killed, most likely because memory ran out: close other programs, or "
            "use fewer processes, and start the same again."
        ) from error
    else:
        pool.shutdown()


def _stop(pool: ProcessPoolExecutor) -> None:
    """Ask every worker to end, and end those that do not."""
    workers = list(pool._processes.values())  # `terminate_workers` has them in public, from Python 3.14 on
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.terminate()
    until = time.monotonic() + STOP_SECONDS
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))
        if worker.is_alive():
            worker.kill()


class _Stopped(BaseException):
    """Raised in a worker that is asked to end amid its work."""


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    """`function` in a worker, which SIGTERM ends, after what the function clears away."""
    try:
        signal.signal(signal.SIGTERM, _raise_stopped)
        return function(*arguments)
    except _Stopped:
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise_stopped(number: int, frame: FrameType | None) -> NoReturn:
    raise _Stopped


def _begin() -> None:
    """To run first in every worker."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C comes to all processes, and the parent ends the others
    end_with_parent()
    _use_one_thread()


def _use_one_thread() -> None:
    """Workers share the cores; and a forked one waits for ever for the OpenMP threads that its parent had started."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def end_with_parent() -> None:
    """End this process when the one that started it is gone, even killed.

    Else it would wait for work for ever, and hold the locks it inherited.
    """

    parent = parent_process()
    assert parent is not None  # this is a worker

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
