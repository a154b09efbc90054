"""Old files exchanged for new ones, all of them or none, also where a rename is refused or the process is killed.

A folder has no step that exchanges several files. So what is to be done is noted first; then every old file is moved
aside, and only then do new ones come in: at no moment do new and old ones stand side by side. Where that fails it is
taken back; where it was killed, whoever uses the folder next finds the note, and does the rest.

A note may also come with a folder from somebody else, and name files that are nobody's business. So a note names a
seal, an empty file beside it, by what the system gave it when it was made (inode and time of change): who packs an
archive cannot foresee that. Other notes are not followed.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from minenetcd.errors import OutputPathError
from minenetcd.files.failing import unwritable
from minenetcd.files.notes import is_own_folder, read_note
from minenetcd.files.sqlite_files import release, side_files

NOTE, SEAL, OLD = ".switch.json", ".seal", ".old"


def switch(folder: Path, hidden: Path, new: Sequence[Path], gone: Iterable[Path] = ()) -> None:
    """The files `new` of `hidden`, which lies in `folder`, stand in `folder`, and those called `gone` do not.

    OutputError, and nothing is changed, where one of them cannot be moved, or is a GeoPackage that is open elsewhere.
    """
    for name in new:
        make_durable(hidden / name)
    old = [*new, *gone]
    for name in old:
        release(folder / name)
    sides = [side.relative_to(folder) for name in old for side in side_files(folder / name)]
    plan = _Plan(folder, hidden, list(new), [name for name in (*gone, *sides) if (folder / name).exists()])
    plan.note()
    try:
        plan.forward()
        make_names_durable(folder)
    except BaseException as error:
        plan.back()
        plan.forget()
        if isinstance(error, OSError):
            raise unwritable(plan.stands_for(Path(error.filename or folder)), error) from error
        raise
    plan.forget()


def settle_switch(folder: Path, hidden: Path) -> bool:
    """Bring to its end what `switch` was killed at, or take it back; OutputError where neither can be done.

    False, and nothing is changed, where a note says so that is not to be trusted.
    """
    if not has_note(hidden):
        return True
    plan = _Plan.read(folder, hidden)
    if plan is None:
        return False
    try:
        plan.forward()
    except OSError as error:
        try:
            plan.back()
        except OSError:
            raise unwritable(folder, error) from error
    plan.forget()
    return True


def has_note(hidden: Path) -> bool:
    """Whether files of `hidden` are being brought out, or were when it was killed, as far as it says."""
    return os.path.lexists(hidden / NOTE)


def refuse_foreign(folder: Path, hidden: Path) -> None:
    """OutputPathError where what is noted in `hidden` was not noted here, by this user."""
    if has_note(hidden) and _Plan.read(folder, hidden) is None and has_note(hidden):
        raise OutputPathError(
            f"{folder} may be half written: in {hidden.name} files wait that are another user's, or were noted in "
            f"another place. Have the run that began it done again, or remove {hidden}."
        )


class _Plan:
    """Files `new`, from `hidden` to `folder`, and files `gone` out of it; each step may be done already."""

    def __init__(self, folder: Path, hidden: Path, new: list[Path], gone: list[Path]) -> None:
        self.folder, self.hidden, self.new, self.gone = folder, hidden, new, gone

    @classmethod
    def read(cls, folder: Path, hidden: Path) -> "_Plan | None":
        """As it was noted; None where it was not, or not here, or leads elsewhere."""
        try:
            note = json.loads(read_note(hidden / NOTE) or "")
            new, gone = ([PurePosixPath(name) for name in note[key]] for key in ("new", "gone"))
            is_here = is_own_folder(hidden) and note["seal"] == _seal(hidden)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        if not is_here or any(_leads_elsewhere(name, (folder, hidden, hidden / OLD)) for name in (*new, *gone)):
            return None
        return cls(folder, hidden, [Path(name) for name in new], [Path(name) for name in gone])

    def note(self) -> None:
        (self.hidden / SEAL).touch()
        make_durable(self.hidden / SEAL)
        names = {"new": [n.as_posix() for n in self.new], "gone": [n.as_posix() for n in self.gone]}
        draft = self.hidden / f"{NOTE}.draft"
        draft.write_text(json.dumps({**names, "seal": _seal(self.hidden)}), encoding="utf-8")
        make_durable(draft)
        os.replace(draft, self.hidden / NOTE)
        make_names_durable(self.hidden)

    def forget(self) -> None:
        (self.hidden / NOTE).unlink(missing_ok=True)

    def forward(self) -> None:
        """Every old file aside, then every new one in."""
        for name in (*self.new, *self.gone):
            aside, waits = self.hidden / OLD / name, name in self.gone or (self.hidden / name).exists()
            if waits and not aside.exists() and (self.folder / name).exists():
                _move(self.folder / name, aside)
        for name in self.new:
            if (self.hidden / name).exists():
                _move(self.hidden / name, self.folder / name)

    def back(self) -> None:
        """Every new file out again, then every old one in."""
        for name in self.new:
            if not (self.hidden / name).exists() and (self.folder / name).exists():
                _move(self.folder / name, self.hidden / name)
        for name in (*self.new, *self.gone):
            if (self.hidden / OLD / name).exists():
                _move(self.hidden / OLD / name, self.folder / name)

    def stands_for(self, path: Path) -> Path:
        """The file of a person's folder that an error about `path` speaks of."""
        return self.folder / path.relative_to(self.hidden) if self.hidden in path.parents else path


def _seal(hidden: Path) -> list[int]:
    """What the system, and nobody else, says of the file that was made with the note."""
    state = os.lstat(hidden / SEAL)
    return [state.st_ino, state.st_ctime_ns]


def _leads_elsewhere(name: PurePosixPath, folders: Iterable[Path]) -> bool:
    """Whether `name` is not below each of `folders`, or a link is on the way to it."""
    if name.is_absolute() or ".." in name.parts:
        return True
    return any((folder / above).is_symlink() for folder in folders for above in name.parents if above.name)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)


def make_durable(path: Path) -> None:
    """Make the file survive a power cut before its name appears, readable as any new file is.

    Some libraries write a file for its owner only.
    """
    (path.parent / ".as-new").touch()
    path.chmod((path.parent / ".as-new").stat().st_mode)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def make_names_durable(folder: Path) -> None:
    """Make new names in it survive a power cut."""
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
