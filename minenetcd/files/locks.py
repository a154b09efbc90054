"""Locks between processes, which end with the process that holds them, however it ends.

The system keeps them (flock, on Windows a locked byte), so that none is stale after a kill or a restart. A file system
without such locks gets a second file, which names its holder: it is stale where that process, or that start of the
machine, is gone.
"""

import errno
import json
import os
import shutil
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from minenetcd.errors import OutputError, OutputPathError
from minenetcd.files.failing import unwritable
from minenetcd.files.notes import AS_IT_IS, read_note

#: How often a lock that is waited for is asked for. [seconds]
POLL_SECONDS = 0.05

#: A note without content is about to be written, unless it is as old as that. [seconds]
NOTE_SECONDS = 10.0

#: How a folder is opened to find its files whatever its name is by then; not on Windows.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)

_NO_LOCKS_HERE = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}


@contextmanager
def locked(path: str | Path, *, refusal: str | None = None) -> Iterator[None]:
    """Within the block no other process, and no other thread, holds the lock file `path`; it is gone afterwards.

    Waits for it; with `refusal` it does not, but raises OutputError of that text. OutputError where the file cannot be
    made.
    """
    while (lock := Lock.take(path)) is None:
        if refusal is not None:
            raise OutputError(refusal)
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


class Lock:
    """A lock file that is held; made by `take`.

    It is removed where it was made, also where the folder's name leads elsewhere by then.
    """

    def __init__(self, path: Path, descriptor: int, folder: int | None, note: Path | None) -> None:
        self.path = path
        self._descriptor, self._folder, self._note, self._process = descriptor, folder, note, os.getpid()

    @classmethod
    def take(cls, path: str | Path) -> Self | None:
        """The lock, or None where another holds it.

        OutputError where the file cannot be made; OutputPathError where something else has its name.
        """
        path = Path(path)
        try:
            folder = os.open(path.parent, _FOLDER) if os.open in os.supports_dir_fd else None
            try:
                lock = cls._taken(path, folder)
            except BaseException:
                _close(folder)
                raise
        except OSError as error:
            raise unwritable(path, error) from error
        if lock is None:
            _close(folder)
            return None
        _describe(lock._descriptor)
        return lock

    @classmethod
    def _taken(cls, path: Path, folder: int | None) -> Self | None:
        while True:
            descriptor = _opened(path, folder)
            try:
                lock = cls._of(path, descriptor, folder)
            except BaseException:
                os.close(descriptor)
                raise
            if lock is None:
                os.close(descriptor)
                return None
            if lock._has_its_name():
                return lock
            lock._let_go()  # whoever held it has removed the file meanwhile: the next one is another file

    @classmethod
    def _of(cls, path: Path, descriptor: int, folder: int | None) -> Self | None:
        try:
            return cls(path, descriptor, folder, None) if _lock(descriptor) else None
        except OSError as error:
            if error.errno not in _NO_LOCKS_HERE:
                raise
        note = path.with_name(f"{path.name}.held")
        return cls(path, descriptor, folder, note) if _note_taken(note) else None

    @property
    def is_own(self) -> bool:
        """Whether this process took it, not one that it was forked from."""
        return self._process == os.getpid()

    def release(self) -> None:
        """Let others have it, and remove its file; a process that was forked meanwhile cannot."""
        if not self.is_own:
            return
        if os.name != "nt" and self._has_its_name():  # there a file that is open cannot be removed
            os.unlink(self._name(self.path), dir_fd=self._folder)
        self._let_go()
        _close(self._folder)
        if os.name == "nt":
            with suppress(OSError):  # another has opened it already
                self.path.unlink()

    def remove_folder(self) -> None:
        """Remove the folder that it lies in, with all in it, as far as that can be."""
        folder = self.path.parent
        if self._folder is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:  # wherever the folder above is now
            shutil.rmtree(f"../{folder.name}", ignore_errors=True, dir_fd=self._folder)

    def _has_its_name(self) -> bool:
        """Whether the file of its name is the open one still."""
        try:
            state = os.stat(self._name(self.path), dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(os.fstat(self._descriptor), state)

    def _let_go(self) -> None:
        os.close(self._descriptor)
        if self._note is not None:
            with suppress(FileNotFoundError):
                os.unlink(self._name(self._note), dir_fd=self._folder)

    def _name(self, path: Path) -> str:
        """What a file beside it is called from its folder."""
        return str(path) if self._folder is None else path.name


def holder(path: str | Path) -> str:
    """Who holds the lock file `path`, as it says itself: "process 12 on this machine, since 10:02"; else ""."""
    try:
        note = json.loads(read_note(Path(path)) or "")
        machine = "this machine" if note["host"] == socket.gethostname() else note["host"]
        return " ".join(f"process {int(note['pid'])} on {machine!s:.80}, since {note['since']!s:.20}".split())
    except (ValueError, KeyError, TypeError):
        return ""


def _opened(path: Path, folder: int | None) -> int:
    """The lock file, made where it is missing.

    OutputPathError for a link, or a file that has other names, too: what they lead to would be written over.
    """
    name = path.name if folder is not None else str(path)
    if not path.is_symlink():
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | AS_IT_IS, 0o666, dir_fd=folder)
        state = os.fstat(descriptor)
        if stat.S_ISREG(state.st_mode) and state.st_nlink <= 1:
            return descriptor
        os.close(descriptor)
    raise OutputPathError(
        f"A lock is needed in {path.parent}, {path.name} there is a link or no plain file: remove it."
    )


def _close(folder: int | None) -> None:
    if folder is not None:
        os.close(folder)


def _describe(descriptor: int) -> None:
    """Write who holds it into a lock file, for people; what cannot be written there is not needed."""
    with suppress(OSError):
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, _own_note(), 0) if hasattr(os, "pwrite") else os.write(descriptor, _own_note())


def _own_note() -> bytes:
    note = {"pid": os.getpid(), "host": socket.gethostname(), "boot": _boot(), "since": time.strftime("%Y-%m-%d %H:%M")}
    return json.dumps(note).encode()


def _boot() -> str:
    """What tells one start of this machine from another; "" where nothing does."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30  # the byte that is locked lies beyond the note, which others shall read

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            raise
        return True


def _note_taken(note: Path) -> bool:
    """Whether the file that names the holder could be made; one whose holder is gone is removed first."""
    for _ in range(2):
        try:
            descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            if not _is_stale(note):
                return False
            note.unlink(missing_ok=True)
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(_own_note())
        return True
    return False


def _is_stale(note: Path) -> bool:
    """Whether the process that `note` names is gone, as far as this machine can tell."""
    try:
        held: dict[str, Any] = json.loads(read_note(note) or "")
        if held["host"] != socket.gethostname():
            return False
        return bool(held["boot"] != _boot()) or not _is_alive(int(held["pid"]))
    except (ValueError, KeyError, TypeError):
        with suppress(FileNotFoundError):
            return time.time() - note.lstat().st_mtime > NOTE_SECONDS
        return True


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
