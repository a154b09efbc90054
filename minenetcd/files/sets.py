"""Sets of files that appear in a folder together or not at all; one run in a folder at a time."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from minenetcd.errors import OutputError
from minenetcd.files.failing import unwritable
from minenetcd.files.hidden import HIDDEN, hidden_folder, reclaim, remove_empty
from minenetcd.files.locks import POLL_SECONDS, Lock, holder
from minenetcd.files.places import check_places, made_folder
from minenetcd.files.sqlite_files import release
from minenetcd.files.switch import has_note, refuse_foreign, switch

LOCK = ".minenetcd.lock"

#: How long one waits for the work of a moment that others do.
TURN_SECONDS = 10.0

#: Folders in which the code that runs now is the one run. Blocks within blocks, of one thread, may be in one folder.
_HELD: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


@contextmanager
def one_run_in(folder: str | Path, *, keep: Callable[[Path], bool] = lambda _: False) -> Iterator[None]:
    """Within the block nothing else of this package brings results out in `folder`, which is made where it is missing.

    What an earlier run that was killed left there is brought to its end, or removed, but the hidden folders that `keep`
    names. OutputError, which names the other process, where one is at work there; OutputPathError where somebody else's
    files wait to come out; `folder` is gone again where it was made here and the block fails.
    """
    folder = Path(folder)
    check_places(folder, ())
    with made_folder(folder):
        place = folder.resolve()
        if place in _HELD.get():
            yield
            return
        lock = Lock.take(folder / LOCK)
        if lock is None:
            raise OutputError(in_use(folder, LOCK))
        token = _HELD.set(_HELD.get() | {place})
        try:
            reclaim(folder, keep=keep)
            _refuse_foreign(folder)
            yield
        finally:
            _HELD.reset(token)
            lock.release()


@contextmanager
def in_turn(folder: str | Path, *, seconds: float = TURN_SECONDS) -> Iterator[None]:
    """Within the block nobody else changes the files in `folder`, which is there; for work of a moment.

    Waits for its turn; what a run was killed at while it brought out its files is brought to its end first.
    OutputError, which names the other process, where that is at work there for longer than `seconds`.
    """
    folder = Path(folder)
    place = folder.resolve()
    if place in _HELD.get():
        yield
        return
    ends = time.monotonic() + seconds
    while (lock := Lock.take(folder / LOCK)) is None:
        if time.monotonic() > ends:
            raise OutputError(in_use(folder, LOCK))
        time.sleep(POLL_SECONDS / 5)
    token = _HELD.set(_HELD.get() | {place})
    try:
        _finish(folder)
        yield
    finally:
        _HELD.reset(token)
        lock.release()


def settle(folder: str | Path) -> None:
    """Bring to its end what a run was killed at while it brought out its files in `folder`; for those who read it.

    OutputPathError, and nothing is changed there, where the run was another user's, or in another place.
    """
    folder = Path(folder)
    while _noted(folder) and folder.resolve() not in _HELD.get():
        _refuse_foreign(folder)
        lock = Lock.take(folder / LOCK)
        if lock is None:  # it is being brought out now, in a moment
            time.sleep(POLL_SECONDS)
            continue
        try:
            _finish(folder)
        finally:
            lock.release()


def _finish(folder: Path) -> None:
    """Bring to its end what a run was killed at while it brought out its files in `folder`, which is locked."""
    if noted := _noted(folder):
        _refuse_foreign(folder)
        reclaim(folder, depth=0, keep=lambda hidden: hidden not in noted)


def _noted(folder: Path) -> list[Path]:
    """The hidden folders in `folder` whose files come out now, or were to, as they say."""
    return [hidden for hidden in folder.glob(f"{HIDDEN}*") if has_note(hidden)]


def _refuse_foreign(folder: Path) -> None:
    for hidden in _noted(folder):
        refuse_foreign(folder, hidden)


@contextmanager
def staged_files(folder: str | Path, names: Iterable[str | Path], *, optional: Iterable[str] = ()) -> Iterator[Path]:
    """A hidden folder in `folder` whose files, called `names`, all stand in `folder` when the block ends well.

    Names may lie in folders below ("maps/x.png"). Of `optional` those appear that the block wrote; the others are
    removed from `folder`, where an earlier call left them. An earlier call is known by the first of `names`: without
    it, files of those names are somebody else's, and OutputPathError. When the block fails nothing is changed, and
    `folder`, where it was made here, is gone again; so it is where a file cannot be replaced (`switch`). OutputError
    where it cannot be written, a file is missing, or another run is at work in `folder`.
    """
    folder, required, allowed = Path(folder), [Path(name) for name in names], [Path(name) for name in optional]
    check_places(folder, (*required, *allowed))
    with one_run_in(folder):
        try:
            with hidden_folder(folder, folder) as hidden:
                for name in (*required, *allowed):
                    (hidden / name).parent.mkdir(parents=True, exist_ok=True)
                yield hidden
                written = [*required, *(name for name in allowed if (hidden / name).exists())]
                switch(folder, hidden, written, [name for name in allowed if name not in written])
        except OSError as error:
            raise unwritable(folder, error) from error


def check_writable(folder: str | Path, names: Iterable[str | Path]) -> None:
    """OutputError, before anything is computed, unless the files `names` can be made in `folder`; leaves no trace."""
    folder, wanted = Path(folder), [Path(name) for name in names]
    check_places(folder, wanted)
    for name in wanted:
        release(folder / name)
    place = next(above for above in (folder, *folder.absolute().parents) if above.exists())
    remove_empty(place)  # of a run that was killed just here
    with hidden_folder(place, folder):
        pass


def in_use(folder: Path, lock: str) -> str:
    """That another holds the lock file of that name in `folder`, in one line."""
    who = holder(folder / lock)
    return f"Another run is at work in {folder}{f' ({who})' if who else ''}: wait for it, or choose another folder."
