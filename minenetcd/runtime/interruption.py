"""Ctrl-C and the scheduler's request to end, noted: who asks for it ends when its step is finished and saved."""

import signal
from types import FrameType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Within the block, the first Ctrl-C or SIGTERM is noted in `requested`; a second one acts at once."""

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Self:
        try:
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        except ValueError:  # signals reach the main thread only: elsewhere they keep their meaning
            self._before = {}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
