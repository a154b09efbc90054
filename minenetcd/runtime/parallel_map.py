"""`map` over several processes of this machine."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import Any

from minenetcd.errors import WorkerLostError


@contextmanager
def parallel_map(workers: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """`map`, its results in order, over so many processes; with one, in this process.

    Where the block fails, what has not begun does not begin. WorkerLostError where a process is killed.
    """
    if workers <= 1:
        yield map
        return
    pool = ProcessPoolExecutor(workers, initializer=_begin)
    try:
        yield pool.map
    except BrokenProcessPool as error:
        raise WorkerLostError(
            "A process that shared the work was killed, most likely because memory ran out: close other programs, or "
            "use fewer processes, and start the same again."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """To run first in every worker."""
    _end_with_parent()
    _use_one_thread()


def _use_one_thread() -> None:
    """Workers share the cores; and a forked one waits for ever for the OpenMP threads that its parent had started."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, even killed.

    Else it would wait for work for ever, and hold the locks it inherited.
    """

    parent = parent_process()
    assert parent is not None  # this is a worker

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
