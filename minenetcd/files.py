"""Files that appear complete or not at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minenetcd.errors import OutputError

FULL_OR_FORBIDDEN = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO,
}  # fmt: skip


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A path to write to instead of `path`, moved there when the block ends well, removed when it fails.

    It has the same name in a hidden folder beside the target, so drivers that look at a name see the right one.
    OutputError, in one line, where the folder cannot be written, is full, or the block wrote nothing.
    """
    path = Path(path)
    hidden = _hidden_folder(path)
    try:
        try:
            yield hidden / path.name
        except OSError as error:
            if error.errno in FULL_OR_FORBIDDEN:
                raise unwritable(path, error) from error
            raise
        _move_into_place(hidden / path.name, path)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def unwritable(path: Path, error: BaseException) -> OutputError:
    """The one-line error for a file that could not be written to the end."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error.__cause__ or error)
    return OutputError(
        f"{path} cannot be written ({' '.join(reason.split())}): "
        "check that the disk has room and the folder allows writing."
    )


def _hidden_folder(path: Path) -> Path:
    if not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {path.parent}; make it first.")
    if path.is_dir():
        raise OutputError(f"{path} cannot be written: a folder has that name; choose another.")
    try:
        return Path(tempfile.mkdtemp(prefix=".minenetcd-", dir=path.parent))
    except OSError as error:
        raise unwritable(path, error) from error


def _move_into_place(written: Path, path: Path) -> None:
    try:
        with written.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(written, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the rename itself survives a power cut
        finally:
            os.close(folder)
    except OSError as error:
        raise unwritable(path, error) from error
