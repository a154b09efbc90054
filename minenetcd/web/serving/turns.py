"""Work on folders that others may be busy with: it waits in few threads, so that all other answers go on."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync

from minenetcd.web.serving.problems import Refused

#: Threads of one folder, and of all together; a server has some 40.
OF_A_FOLDER, OF_ALL = 2, 16
#: A request waits so long until it has one. [seconds]
PATIENCE = 5.0

Found = TypeVar("Found")


class Turns:
    """Runs functions that read or change what lies in a folder; for the event loop of a server."""

    def __init__(self) -> None:
        self._all: anyio.CapacityLimiter | None = None  # made in the loop that it is for
        self._folders: dict[Path, anyio.Semaphore] = {}

    async def run(self, folder: Path, function: Callable[[], Found]) -> Found:
        """What `function` returns. Refused (503) where others wait for the same folder, and none of them comes on."""
        if self._all is None:
            self._all = anyio.CapacityLimiter(OF_ALL)
        own = self._folders.setdefault(folder, anyio.Semaphore(OF_A_FOLDER))
        try:
            with anyio.fail_after(PATIENCE):
                await own.acquire()
        except TimeoutError as error:
            raise Refused(503, "This result is busy, others wait for it: try again in a moment.") from error
        try:
            return await run_sync(function, limiter=self._all)
        finally:
            own.release()
