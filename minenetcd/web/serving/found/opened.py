"""Results that are open: read once, and again where their folder has another result by now."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Generic, Protocol, TypeVar

from minenetcd.web.results.file_states import FileStates, State, state_of


class OfImages(Protocol):
    """What is shown with `images`, whose states are those when it was read."""

    @property
    def images(self) -> FileStates: ...


Thing = TypeVar("Thing", bound=OfImages)

#: Kept open at a time.
MOST_OPEN = 64


@dataclass
class _Entry(Generic[Thing]):
    version: State
    lock: Lock = field(default_factory=Lock)
    thing: Thing | None = None


class Opened(Generic[Thing]):
    """What `read` makes of a folder, for as long as the file `name` in it and its images are the same.

    The last MOST_OPEN are kept.
    For threads: one reads, others of the same folder wait for it.
    """

    def __init__(self, name: str, read: Callable[[Path], Thing]) -> None:
        self._name, self._read = name, read
        self._entries: OrderedDict[Path, _Entry[Thing]] = OrderedDict()
        self._lock = Lock()

    def get(self, folder: Path) -> Thing:
        """What `read` raises, it raises, and tries again next time."""
        entry = self._entry(folder, state_of(folder / self._name))
        with entry.lock:
            if entry.thing is None or not entry.thing.images.are_as_they_were:
                entry.thing = self._read(folder)
            return entry.thing

    def _entry(self, folder: Path, version: State) -> _Entry[Thing]:
        with self._lock:
            entry = self._entries.get(folder)
            if entry is None or entry.version != version:
                entry = self._entries[folder] = _Entry(version)
            self._entries.move_to_end(folder)
            while len(self._entries) > MOST_OPEN:
                self._entries.popitem(last=False)
            return entry
