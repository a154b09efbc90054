"""Which files a data set may name: regular ones in its own folder, unless its user says otherwise (`?outside=yes`)."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from minenetcd.data.reading.headers import DecodeError
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.errors import DataError
from minenetcd.foreign import NOT_THERE, OUTSIDE, folders_of, refused

ASK = "put it there, or say that such files may be read (?outside=yes after the data set's name)"


@dataclass(frozen=True)
class InsideFolder:
    """The folder `root` of a data set; `within` is empty where files outside of it may be read."""

    root: str
    within: tuple[str, ...]

    @classmethod
    def of(cls, root: str | Path, options: ReadOptions) -> Self:
        return cls(str(root), () if options.outside else folders_of(root))

    def refused(self, file: str) -> str | None:
        """Why `file`, relative to the folder or absolute, is not read; None where it is."""
        return refused(self._path(file), within=self.within)

    def file(self, file: str) -> str:
        """The path of `file`. DecodeError where it is not read."""
        reason = self.refused(file)
        if reason == OUTSIDE:
            raise DecodeError(f"{file} lies outside of {self.root}", advice=ASK)
        if reason is not None:
            words = f"there is no file {file}" if reason == NOT_THERE else f"{file}: {reason}"
            raise DecodeError(words, advice="put it back, or leave the pair out")
        return self._path(file)

    def check(self, file: str | Path) -> None:
        """DataError where `file`, which holds pairs, is not read."""
        reason = self.refused(str(file))
        if reason is not None:
            advice = ASK if reason == OUTSIDE else "put the file back"
            raise DataError(f"{file} cannot be read as part of {self.root} ({reason}): {advice}.")

    def _path(self, file: str) -> str:
        return os.path.join(self.root, file)
