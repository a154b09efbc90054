"""Processes that cut scenes side by side."""

import os
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """End this process when the one that started it is gone, even killed: to run first in every worker.

    Else it would wait for work for ever, and hold the locks it inherited.
    """

    def wait() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
