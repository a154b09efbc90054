"""The door for files that others wrote: what may be opened, and how much of it is read."""

import csv
import io
import json
import math
import os
import stat
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from minenetcd.errors import InputError

#: Of text that somebody wrote by hand: configurations, lists. [bytes]
LARGEST_TEXT = 2**18
#: Of JSON that a program wrote. [bytes]
LARGEST_JSON = 16 * 2**20
#: Mappings and lists in each other.
DEEPEST = 64

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
#: By their byte order marks, which editors put before a text.
_ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

NOT_THERE = "it is not there"
OUTSIDE = "it lies outside of the folder"


def refused(path: str | Path, *, within: Sequence[str] = (), most_bytes: int | None = None) -> str | None:
    """Why a file is not to be opened, in words; None where it may be.

    It is to be a regular file, or a link to one, of `most_bytes`, and, links followed, in one of the folders `within`,
    which `folders_of` gives.
    """
    try:
        state, real = _state(os.fspath(path), follow=bool(within))
    except OSError as error:
        return NOT_THERE if isinstance(error, FileNotFoundError) else (error.strerror or str(error)).lower()
    except ValueError:  # a null byte in a name
        return NOT_THERE
    if not stat.S_ISREG(state.st_mode):
        return f"it is {_KINDS.get(stat.S_IFMT(state.st_mode), 'no file')}, and a file is needed"
    if within and not any(real.startswith(folder.rstrip(os.sep) + os.sep) for folder in within):
        return OUTSIDE
    if most_bytes is not None and state.st_size > most_bytes:
        return f"it has {state.st_size:,} bytes, at most {most_bytes:,} are read"
    return None


def refuse_links_out(folder: str | Path, *names: str, error: type[InputError] = InputError) -> None:
    """`error`, in one line, where one of these files of `folder` is a link to a file elsewhere, or no file.

    Whoever hands a folder over must not name files of the one who reads it, or writes into it. Those that are not there
    are left to the caller.
    """
    within = folders_of(folder)
    for name in names:
        reason = refused(Path(folder) / name, within=within)
        if reason not in (None, NOT_THERE):
            raise error(f"{Path(folder) / name} cannot be used ({reason}): put the file itself there.")


def table_rows(text: str) -> list[list[str]]:
    """The cells of a table with commas, semicolons or tabs between them, as spreadsheets of several languages write it.

    Rows without any cell are left out. ValueError where it is none.
    """
    head = text.partition("\n")[0]
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count)) if row]
    except csv.Error as error:
        raise ValueError(str(error)) from error


def folders_of(folder: str | Path) -> tuple[str, ...]:
    """What lies in `folder`: it, links followed, and, of one in the hub's cache, where that keeps what it links to."""
    real = Path(os.path.realpath(folder))
    stores = [above.parent / "blobs" for above in (real, *real.parents) if above.name == "snapshots"]
    return (str(real), *(str(store) for store in stores if store.is_dir()))


def read_text(path: str | Path, error: type[InputError], *, most_bytes: int = LARGEST_TEXT) -> str:
    """The text of a file, UTF-8 or as its byte order mark says. `error`, in one line, where it is none or too large."""
    reason = refused(path, most_bytes=most_bytes)
    if reason is not None:
        raise error(f"{str(path)!r} cannot be read ({reason}): name another file.")
    try:
        data = Path(path).read_bytes()
        return data.decode(_ENCODINGS.get(data[:2], "utf-8-sig"))
    except UnicodeDecodeError as cause:
        raise error(f"{str(path)!r} needs to be text in UTF-8 ({cause}): save it as that.") from cause
    except OSError as cause:
        reason = cause.strerror or str(cause)
        raise error(f"{str(path)!r} cannot be read ({reason}): check that you may read it.") from cause


def read_json(path: str | Path, error: type[InputError], *, most_bytes: int = LARGEST_JSON) -> Any:
    """What a JSON file holds: finite numbers, at most DEEPEST deep. `error`, in one line, where it is anything else."""

    def not_finite(word: str) -> NoReturn:
        raise ValueError(f"{word} is no number in JSON")

    try:
        value = json.loads(read_text(path, error, most_bytes=most_bytes), parse_constant=not_finite)
        check_plain(value)
    except error:
        raise
    except RecursionError as cause:
        raise error(f"{str(path)!r} needs to be JSON at most {DEEPEST} deep: fetch or write it again.") from cause
    except ValueError as cause:
        raise error(f"{str(path)!r} needs to be JSON ({cause}): fetch or write it again.") from cause
    return value


def check_plain(value: Any) -> None:
    """ValueError where `value` is deeper than DEEPEST, or holds a number that is not finite."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return
    raise ValueError(f"it is more than {DEEPEST} deep")


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not finite")


def _state(path: str, *, follow: bool) -> tuple[os.stat_result, str]:
    """What `path` is, links followed, and, where `follow` asks for it, its place without links."""
    state = os.lstat(path)
    if stat.S_ISLNK(state.st_mode):
        return os.stat(path), os.path.realpath(path)
    if not follow:
        return state, path
    folder, name = os.path.split(path)
    if name in ("", os.curdir, os.pardir):
        return state, os.path.realpath(path)
    return state, os.path.join(_real_folder(os.path.abspath(folder)), name)


@lru_cache(maxsize=4096)
def _real_folder(folder: str) -> str:
    """Remembered, because a data set has many files in few folders; absolute, since one may change directory."""
    return os.path.realpath(folder)
