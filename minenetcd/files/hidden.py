"""Hidden folders for what is being made: gone when it is done, and where a kill left them, gone with the next run.

Each holds a lock of the process that works in it. So whoever comes later knows which are left behind.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from minenetcd.errors import OutputError
from minenetcd.files.failing import unwritable
from minenetcd.files.locks import Lock
from minenetcd.files.notes import is_own_folder
from minenetcd.files.switch import settle_switch

#: How the names of hidden folders begin.
HIDDEN = ".minenetcd-"
OWNER = ".owner"

#: In a hidden folder with this file another run may go on.
UNFINISHED = ".unfinished.json"

#: How long that is kept where nobody asks for it, in a folder of temporary files. [seconds]
KEPT_SECONDS = 7 * 24 * 3600.0

#: Hidden folders lie in a folder of results, or so far below it.
DEPTH = 2


class HiddenFolder:
    """`path`, for this process alone until it is removed or left."""

    def __init__(self, path: Path, owner: Lock) -> None:
        self.path = path
        self._owner = owner

    @classmethod
    def make(cls, parent: Path, target: Path) -> Self:
        """A new one in `parent`; an error names `target`."""
        while True:
            try:
                path = Path(tempfile.mkdtemp(prefix=HIDDEN, dir=parent))
            except OSError as error:
                raise unwritable(target, error) from error
            try:
                hidden = cls.take(path)
            except OutputError:
                if path.exists():
                    shutil.rmtree(path, ignore_errors=True)
                    raise
                continue  # another run took it for one that was left behind, before it was locked
            except BaseException:
                shutil.rmtree(path, ignore_errors=True)
                raise
            if hidden is not None:
                return hidden

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """One that was left behind; None where somebody works in it. OutputError where it cannot be written."""
        owner = Lock.take(path / OWNER)
        return None if owner is None else cls(path, owner)

    def leave(self) -> None:
        """Let it stay for another to take."""
        self._owner.release()

    def remove(self) -> None:
        """With what is in it; a process that was forked meanwhile cannot."""
        if os.name == "nt":  # a file that is open cannot be removed there
            self._owner.release()
        if self._owner.is_own:
            self._owner.remove_folder()
        if os.name != "nt":
            self._owner.release()


@contextmanager
def hidden_folder(parent: Path, target: Path) -> Iterator[Path]:
    """A new hidden folder in `parent`, gone with what is in it at the end; an error names `target`."""
    hidden = HiddenFolder.make(parent, target)
    try:
        yield hidden.path
    finally:
        hidden.remove()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder where this system keeps temporary files, gone at the end; those that a kill left there go now."""
    parent = Path(tempfile.gettempdir())
    reclaim(parent, depth=0, keep=is_recent_work)
    with hidden_folder(parent, parent) as hidden:
        yield hidden


def is_recent_work(hidden: Path) -> bool:
    """Whether another run may go on in it, and may still be about to."""
    try:
        return time.time() - (hidden / UNFINISHED).stat().st_mtime < KEPT_SECONDS
    except OSError:
        return False


def left_behind(parent: Path, *, depth: int = 0) -> Iterator[HiddenFolder]:
    """Hidden folders of this user in `parent`, or so deep below it, in which nobody works any more.

    The caller removes or leaves them. No link is followed.
    """
    for path in _folders(parent):
        if not path.name.startswith(HIDDEN):
            if depth:
                yield from left_behind(path, depth=depth - 1)
        elif is_own_folder(path):
            with suppress(OutputError):  # not ours to touch
                hidden = HiddenFolder.take(path)
                if hidden is not None:
                    yield hidden


def _folders(parent: Path) -> list[Path]:
    """Those in `parent`, in the order of their names, no links to one; none where it cannot be read."""
    try:
        with os.scandir(parent) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def reclaim(parent: Path, *, depth: int = DEPTH, keep: Callable[[Path], bool] = lambda _: False) -> None:
    """Remove the hidden folders in `parent` that a kill left behind, but those that `keep` names.

    Where one was about to bring its files out, that is brought to its end first, or taken back (`settle_switch`);
    where that cannot be trusted, it stays as it is.
    """
    for hidden in left_behind(parent, depth=depth):
        try:
            is_kept = keep(hidden.path)
            is_kept |= not settle_switch(hidden.path.parent, hidden.path)
        except BaseException:
            hidden.leave()
            raise
        if is_kept:
            hidden.leave()
        else:
            hidden.remove()


def remove_empty(parent: Path) -> None:
    """Remove the hidden folders in `parent` that a kill left behind and that hold nothing."""
    for hidden in left_behind(parent):
        if os.listdir(hidden.path) == [OWNER]:
            hidden.remove()
        else:
            hidden.leave()
