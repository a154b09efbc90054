"""The files that are read of a date, with their checksums: what a result was made of."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Self

from minenetcd.errors import InputError
from minenetcd.files import sha256
from minenetcd.foreign import folders_of, refused
from minenetcd.geo.date_files.finding import DateFiles
from minenetcd.geo.date_files.network import is_description
from minenetcd.geo.source import open_or_explain, quiet_gdal
from minenetcd.secrets import without_secrets


@dataclass(frozen=True)
class ReadFile:
    """One file, by its `name` without secrets. `sha256` is None where nobody can say it; `unknown` is why, in words."""

    name: str
    bytes: int | None = None
    sha256: str | None = None
    unknown: str | None = None

    @classmethod
    def of(cls, name: str) -> Self:
        """`name`, read from front to back, where it is a file here."""
        shown, path = without_secrets(name), Path(name)
        if os.path.isdir(name):
            return cls(shown, unknown="a folder")
        if not os.path.isfile(name):
            return cls(shown, unknown="not a file on this machine")
        try:
            return cls(shown, path.stat().st_size, sha256(path))
        except OSError as error:
            return cls(shown, unknown=f"not readable when the result was saved ({error.strerror})")

    def is_at(self, place: Path, *, most_read: int | None = None) -> bool:
        """Whether the file at `place` is this one; of more than `most_read` bytes its length alone is asked."""
        try:
            if not place.is_file() or place.stat().st_size != self.bytes:
                return False
            return (most_read is not None and self.bytes > most_read) or sha256(place) == self.sha256
        except OSError:
            return False


@dataclass(frozen=True)
class ReadPair:
    """The files of both dates; `opened`: what a GIS opens for a date, None where that is no single file."""

    before: tuple[ReadFile, ...]
    after: tuple[ReadFile, ...]
    opened_before: str | None
    opened_after: str | None

    @classmethod
    def of(cls, before: DateFiles, after: DateFiles) -> Self:
        """As they are now; every file is read once."""
        return cls(_read_files(before), _read_files(after), _opened(before), _opened(after))

    def found_in(self, *folders: Path) -> Self:
        """The same, where files that are not at their place any more are looked for in `folders`.

        One of the same name and checksum is the same file. Of those that lie where they lay nothing is read.
        """
        moved = {file.name: _moved_to(file, folders) for file in (*self.before, *self.after)}
        before, after = (
            tuple(replace(file, name=moved[file.name]) for file in date) for date in (self.before, self.after)
        )
        opened = (None if name is None else moved.get(name, name) for name in (self.opened_before, self.opened_after))
        return type(self)(before, after, *opened)


def files_behind(date: DateFiles) -> set[str]:
    """All that GDAL reads of it: masks and side files, the sources of a description (VRT), and theirs."""
    found: set[str] = set()
    waiting = [date.name, *date.parts]
    while waiting:
        name = waiting.pop()
        try:
            with quiet_gdal(), open_or_explain(name, date.text) as dataset:
                behind = set(dataset.files) - found
        except InputError:  # a source that is not there, or no image: said where it is read
            continue
        found |= behind
        waiting += [path for path in behind if path != name and is_description(path)]
    return found


def _moved_to(file: ReadFile, folders: Iterable[Path]) -> str:
    """Its name; where no such file is there, that of the same one in one of `folders`."""
    if file.sha256 is None or os.path.exists(file.name):
        return file.name
    for folder in folders:
        place = folder / PureWindowsPath(file.name).name  # which knows both kinds of separators
        if refused(place, within=folders_of(folder)) is None and file.is_at(place):
            return str(place)
    return file.name


def _read_files(date: DateFiles) -> tuple[ReadFile, ...]:
    """Of what lies in an archive, or is a variable of a file, that archive or file."""
    given = [date.text] if os.path.isfile(date.text) else []  # not of a Path: a list of names may be a long one
    names: dict[str, str] = {}
    for name in (*given, *map(str, date.local), *date.parts, *sorted(files_behind(date))):
        if os.path.exists(name) or not any(str(path.resolve()) in name for path in date.local):
            names.setdefault(os.path.realpath(name) if os.path.exists(name) else name, name)
    return tuple(ReadFile.of(name) for name in names.values())


def _opened(date: DateFiles) -> str | None:
    """Without secrets; None where GDAL opens a description that was made for the run."""
    return without_secrets(date.name) if date.parts == (date.name,) else None
