"""Ctrl-C and the request to end (SIGTERM): acted on at once, or noted by who ends when a step is finished and saved."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, Self

from minenetcd.errors import RunInterrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)

#: A signal that comes so soon after another is the same one: `timeout`, and shells, send it twice. [seconds]
SAME_SECONDS = 1.0


class Terminated(KeyboardInterrupt):
    """Raised where SIGTERM came: what stands behind a Ctrl-C is cleared away behind it, too."""

    number = signal.SIGTERM


def end_by(number: int) -> NoReturn:
    """Raise what ends the work that a signal came into."""
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def handled(handler: "signal._HANDLER") -> Iterator[None]:
    """Within the block both signals are handled so; outside of the main thread, which alone they reach, nothing is."""
    before = _set(handler)
    try:
        yield
    finally:
        _reset(before)


class EndingBySignals:
    """Within the block Ctrl-C raises KeyboardInterrupt and SIGTERM raises Terminated, in the main thread.

    `number`: the signal that came; None where none did.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._process, self._came = os.getpid(), float("-inf")

    @property
    def exit_code(self) -> int:
        """As shells tell the end by a signal: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + (self.number or signal.SIGINT)

    @property
    def in_words(self) -> str:
        """How it ended, for people."""
        return "terminated" if self.number == signal.SIGTERM else "interrupted"

    def __enter__(self) -> Self:
        self._before = _set(self._raise)
        return self

    def __exit__(self, *_: object) -> None:
        _reset(self._before)

    def _raise(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # forked from here: it has nothing to clear away
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        now = time.monotonic()
        is_same, self._came = now - self._came < SAME_SECONDS, now
        if is_same:
            return
        self.number = number
        end_by(number)


class Interruption:
    """Within the block, the first Ctrl-C or SIGTERM is noted in `requested`; a second one acts at once."""

    def __init__(self) -> None:
        self.requested = False
        self.number: int = signal.SIGINT

    def __enter__(self) -> Self:
        self._before = _set(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        _reset(self._before)

    def error(self, message: str) -> RunInterrupted:
        """What ends the run, with the exit code of the signal."""
        return RunInterrupted(message, self.number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            end_by(number)
        self.requested, self.number = True, number


_Handlers = dict[int, "signal._HANDLER"]


def _set(handler: "signal._HANDLER") -> _Handlers:
    """Handle both signals so, and give what handled them before; see `handled`."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.signal(number, handler) for number in SIGNALS}


def _reset(before: _Handlers) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
