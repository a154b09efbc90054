"""Whether files are as they were when somebody last looked, by what costs nothing to ask."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from minenetcd.geo.date_files.read_files import ReadPair

#: When a file was written [ns], and its size; of none (0, 0).
State = tuple[int, int]


def state_of(path: Path) -> State:
    try:
        state = path.stat()
    except OSError:
        return 0, 0
    return state.st_mtime_ns, state.st_size


@dataclass(frozen=True)
class FileStates:
    """Files by name, each with its state when it was looked at."""

    states: tuple[tuple[str, State], ...]

    @classmethod
    def of_images(cls, pairs: Iterable[ReadPair | None]) -> Self:
        """The images on this machine that `pairs` were read from."""
        files = (file for pair in pairs if pair is not None for file in (*pair.before, *pair.after))
        names = dict.fromkeys(file.name for file in files if file.sha256 is not None)
        return cls(tuple((name, state_of(Path(name))) for name in names))

    @property
    def are_as_they_were(self) -> bool:
        return all(state_of(Path(name)) == state for name, state in self.states)

    @cached_property
    def word(self) -> str:
        """Another one for each state of them."""
        return hashlib.sha256(repr(self.states).encode()).hexdigest()[:8]
