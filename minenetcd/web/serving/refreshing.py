"""Summary and report of a reviewed result, brought to its verdicts a moment after the last one of several."""

import logging
import time
from pathlib import Path
from threading import Condition, Thread

from minenetcd.errors import MineNetCDError
from minenetcd.labelling.verdicts.counts import ReviewCounts
from minenetcd.labelling.verdicts.refreshing import is_stale, refresh

#: From the last verdict on.
AFTER_SECONDS = 2.0
#: While verdicts go on and on, from the first one on.
AT_MOST_SECONDS = 20.0

_LOG = logging.getLogger(__name__)


class Refreshing:
    """Writes in a thread of its own; `finish` writes what is left. What cannot be written is logged, and is stale."""

    def __init__(self, seconds: float = AFTER_SECONDS) -> None:
        self._seconds = seconds
        self._waiting: dict[Path, tuple[float, float]] = {}  # when it is due, and when at the latest
        self._changed = Condition()
        self._thread: Thread | None = None

    def soon(self, folder: Path) -> None:
        """The result in `folder` has another verdict."""
        now = time.monotonic()
        with self._changed:
            _, latest = self._waiting.get(folder, (0.0, now + AT_MOST_SECONDS))
            self._waiting[folder] = (min(now + self._seconds, latest), latest)
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name="refreshing", daemon=True)
                self._thread.start()
            self._changed.notify()

    def if_stale(self, folder: Path, counts: ReviewCounts) -> None:
        """The same where its summary is of another moment, as after a kill."""
        try:
            if is_stale(folder, counts):
                self.soon(folder)
        except MineNetCDError as error:
            _LOG.warning("%s", error)

    def finish(self) -> None:
        """Write all that waits, now; what is being written is done, too, when it returns."""
        with self._changed:
            folders, thread = list(self._waiting), self._thread
            self._waiting.clear()
            self._changed.notify()
        if thread is not None:
            thread.join()
        for folder in folders:
            _refresh(folder)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._thread = None
                    return
                folder, (due, _) = min(self._waiting.items(), key=lambda each: each[1][0])
                left = due - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                del self._waiting[folder]
            _refresh(folder)


def _refresh(folder: Path) -> None:
    try:
        refresh(folder)
    except (MineNetCDError, OSError) as error:
        _LOG.warning("The summary of %s is not of its last verdict: %s", folder, error)
