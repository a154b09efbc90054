"""`map` over several processes of this machine."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import Any


@contextmanager
def parallel_map(workers: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """`map`, its results in order, over so many processes; with one, in this process.

    Where the block fails, what has not begun does not begin.
    """
    if workers <= 1:
        yield map
        return
    pool = ProcessPoolExecutor(workers, initializer=_end_with_parent)
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, even killed: to run first in every worker.

    Else it would wait for work for ever, and hold the locks it inherited.
    """

    parent = parent_process()
    assert parent is not None  # this is a worker

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
