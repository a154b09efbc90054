"""Files that appear complete or not at all, alone or as a set; locks; names as parts of file names."""

import errno
import hashlib
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from minenetcd.errors import OutputError, OutputPathError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
#: How the names of folders begin in which files are written before they appear; a killed process leaves them.
HIDDEN = ".minenetcd-"


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A path to write to instead of `path`, moved there when the block ends well, removed when it fails.

    It has the same name in a hidden folder beside the target, so drivers that look at a name see the right one.
    OutputError, in one line, where the folder cannot be written, is full, or the block wrote nothing.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise OutputPathError(f"{path} cannot be written: there is no folder {path.parent}; make it first.")
    _refuse_folder(path)
    with _hidden_folder(path.parent, path) as hidden:
        try:
            yield hidden / path.name
        except OSError as error:
            if error.errno in FULL | FORBIDDEN:
                raise unwritable(path, error) from error
            raise
        try:
            _make_durable(hidden / path.name)
            os.replace(hidden / path.name, path)
            _make_names_durable(path.parent)
        except OSError as error:
            raise unwritable(path, error) from error


@contextmanager
def staged_files(folder: str | Path, names: Iterable[str | Path], *, optional: Iterable[str] = ()) -> Iterator[Path]:
    """A hidden folder in `folder` whose files, called `names`, all move to `folder` when the block ends well.

    Names may lie in folders below ("maps/x.png"). Of `optional` those move that the block wrote; the others are
    removed from `folder`, where an earlier call left them. An earlier call is known by the first of `names`: without
    it, files of those names are somebody else's, and OutputPathError. When the block fails nothing is changed, and
    `folder`, where it was made here, is gone again. OutputError where it cannot be written or a file is missing.
    """
    folder, required, allowed = Path(folder), [Path(name) for name in names], [Path(name) for name in optional]
    _check_places(folder, (*required, *allowed))
    with _made_folder(folder):
        try:
            with _hidden_folder(folder, folder) as hidden:
                for name in (*required, *allowed):
                    (hidden / name).parent.mkdir(parents=True, exist_ok=True)
                yield hidden
                written = [*required, *(name for name in allowed if (hidden / name).exists())]
                for name in written:
                    _make_durable(hidden / name)
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                for name in written:
                    os.replace(hidden / name, folder / name)
                for name in allowed:
                    if name not in written:
                        (folder / name).unlink(missing_ok=True)
                _make_names_durable(folder)
        except OSError as error:
            raise unwritable(folder, error) from error


def check_writable(folder: str | Path, names: Iterable[str | Path]) -> None:
    """OutputError, before anything is computed, unless the files `names` can be made in `folder`; leaves no trace."""
    folder = Path(folder)
    _check_places(folder, [Path(name) for name in names])
    with _hidden_folder(next(above for above in (folder, *folder.absolute().parents) if above.exists()), folder):
        pass


def check_not_input(folder: str | Path, names: Iterable[str | Path], inputs: Iterable[str | Path]) -> None:
    """OutputPathError where one of the files `names` in `folder` is one of the `inputs`."""
    standing = [path for path in (Path(folder) / name for name in names) if path.exists()]
    for source in map(Path, inputs):
        if source.exists() and (taken := next((path for path in standing if path.samefile(source)), None)):
            raise OutputPathError(f"{taken} is an input, and a result would replace it: choose another folder.")


def make_folder(folder: str | Path) -> Path:
    """`folder`, made with all above it where it is missing. OutputError where it cannot be."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(Path(folder), error) from error
    return Path(folder)


def write_text(path: str | Path, text: str) -> None:
    """`text` as UTF-8, with its line ends as they are."""
    with atomic_path(path) as target:
        target.write_text(text, encoding="utf-8", newline="")


def write_json(path: str | Path, values: Any) -> None:
    """`values` as `json_text`."""
    write_text(path, json_text(values))


def json_text(values: Any) -> str:
    """`values` as indented JSON that every parser reads, its last line ended: what is not a finite number is null."""
    return json.dumps(_finite(values), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


@contextmanager
def locked(path: str | Path, *, refusal: str | None = None) -> Iterator[None]:
    """Within the block no other process holds the lock file `path`.

    Waits for it; with `refusal` it does not, but raises OutputError of that text. OutputError where the file cannot be
    made.
    """
    from filelock import FileLock, Timeout  # here, because most who write files lock none

    lock = FileLock(path)
    try:
        lock.acquire(blocking=refusal is None)
    except Timeout:
        raise OutputError(refusal) from None
    except OSError as error:
        raise unwritable(Path(path), error) from error
    try:
        yield
    finally:
        lock.release()


def slug(text: str, longest: int = 48) -> str:
    """`text` as part of a file name, of `longest` letters; those beyond a to z leave a hash of the whole behind."""
    plain = re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-.")[:longest]
    if text.isascii() and plain:
        return plain
    digest = hashlib.sha256(json.dumps({"text": text}).encode()).hexdigest()
    return f"{plain}-{digest[:6]}".lstrip("-")


def unwritable(path: Path, error: BaseException) -> OutputError:
    """The one-line error for a file that could not be written to the end: OutputPathError unless the disk is why."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error.__cause__ or error)
    is_path = isinstance(error, OSError) and error.errno not in {None, *FULL}
    return (OutputPathError if is_path else OutputError)(
        f"{path} cannot be written ({' '.join(reason.split())}): "
        "check that the disk has room and the folder allows writing."
    )


@contextmanager
def _hidden_folder(parent: Path, target: Path) -> Iterator[Path]:
    """A new folder in `parent`, gone with what is in it at the end; an error names `target`."""
    try:
        hidden = Path(tempfile.mkdtemp(prefix=HIDDEN, dir=parent))
    except OSError as error:
        raise unwritable(target, error) from error
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


@contextmanager
def _made_folder(folder: Path) -> Iterator[None]:
    """`folder`, with what is missing above it; what was made for it is removed where the block fails."""
    made: list[Path] = []
    try:
        _make(folder, made)
        yield
    except BaseException:
        for above in reversed(made):
            with suppress(OSError):  # not ours alone any more
                above.rmdir()
        raise


def _make(folder: Path, made: list[Path]) -> None:
    """Make `folder` and what is missing above it, noting in `made` what was."""
    try:
        missing = [above for above in (folder, *folder.parents) if not above.exists()]
        for above in reversed(missing):
            above.mkdir()
            made.append(above)
    except OSError as error:
        raise unwritable(folder, error) from error


def _check_places(folder: Path, names: Sequence[Path]) -> None:
    """OutputPathError unless files `names` may appear in `folder`; see `staged_files`."""
    for place in {folder: None, **{folder / above: None for name in names for above in name.parents}}:
        if place.is_symlink() and not place.exists():
            raise OutputPathError(f"{place} cannot be written: it is a link to nothing; name another folder.")
        if place.exists() and not place.is_dir():
            raise OutputPathError(f"{place} cannot be written: it is a file, and a folder is needed; name another.")
    for name in names:
        _refuse_folder(folder / name)
    if names and not (folder / names[0]).exists():
        for name in names[1:]:
            if (folder / name).exists():
                raise OutputPathError(
                    f"{folder / name} is not of an earlier call ({names[0]} is not beside it), and a result would "
                    "replace or remove it: choose another folder."
                )


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise OutputPathError(f"{path} cannot be written: a folder has that name; choose another.")


def _make_durable(path: Path) -> None:
    """Make the file survive a power cut before its name appears, readable as any new file is.

    Some libraries write a file for its owner only.
    """
    (path.parent / ".as-new").touch()
    path.chmod((path.parent / ".as-new").stat().st_mode)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _make_names_durable(folder: Path) -> None:
    """Make new names in it survive a power cut."""
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _finite(values: Any) -> Any:
    """`values` with None for every number that JSON has no word for."""
    if isinstance(values, Mapping):
        return {key: _finite(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [_finite(value) for value in values]
    return None if isinstance(values, float) and not math.isfinite(values) else values
