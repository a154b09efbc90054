"""Whether files may stand where they are asked for."""

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from minenetcd.errors import OptionError, OutputPathError
from minenetcd.files.failing import unwritable

LONGEST_NAME = 255  # of a file or folder, on all usual file systems [bytes]
ROOM = f"{'x' * 31}/{'x' * 31}"  # for a hidden folder, and a file within


def from_home(path: str | Path) -> Path:
    """`path`, its leading ~ or ~user replaced by the home folder. OptionError where there is no such folder."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise OptionError(f"A home folder is needed for {path!s:.80}, there is none: write the whole path.") from error


def refuse_name(path: str | Path) -> None:
    """OutputPathError where the name `path` is too long for a file, or for what is written into a folder."""
    whole = Path(os.path.abspath(path))
    is_too_long = any(len(os.fsencode(part)) > LONGEST_NAME for part in whole.parts)
    try:
        (whole / ROOM).lstat()
    except OSError as error:
        is_too_long = is_too_long or error.errno == errno.ENAMETOOLONG
    if is_too_long:
        raise OutputPathError(f"{path!s:.80}... cannot be written: its name is too long; choose a shorter one.")


def make_folder(folder: str | Path) -> Path:
    """`folder`, made with all above it where it is missing. OutputError where it cannot be."""
    refuse_name(folder)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(Path(folder), error) from error
    return Path(folder)


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
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


def check_not_input(folder: str | Path, names: Iterable[str | Path], inputs: Iterable[str | Path]) -> None:
    """OutputPathError where one of the files `names` in `folder` is one of the `inputs`."""
    standing = [path for path in (Path(folder) / name for name in names) if path.exists()]
    for source in map(Path, inputs):
        if source.exists() and (taken := next((path for path in standing if path.samefile(source)), None)):
            raise OutputPathError(f"{taken} is an input, and a result would replace it: choose another folder.")


def check_places(folder: Path, names: Sequence[Path]) -> None:
    """OutputPathError unless files `names` may appear in `folder`; see `staged_files`."""
    refuse_name(folder)
    for place in {folder: None, **{folder / above: None for name in names for above in name.parents}}:
        if place.is_symlink() and not place.exists():
            raise OutputPathError(f"{place} cannot be written: it is a link to nothing; name another folder.")
        if place.exists() and not place.is_dir():
            raise OutputPathError(f"{place} cannot be written: it is a file, and a folder is needed; name another.")
    for name in names:
        refuse_folder(folder / name)
    if names and not (folder / names[0]).exists():
        for name in names[1:]:
            if (folder / name).exists():
                raise OutputPathError(
                    f"{folder / name} is not of an earlier call ({names[0]} is not beside it), and a result would "
                    "replace or remove it: choose another folder."
                )


def refuse_folder(path: Path) -> None:
    """OutputPathError where a folder has the name of a file."""
    if path.is_dir():
        raise OutputPathError(f"{path} cannot be written: a folder has that name; choose another.")


def _make(folder: Path, made: list[Path]) -> None:
    """Make `folder` and what is missing above it, noting in `made` what was."""
    try:
        missing = [above for above in (folder, *folder.parents) if not above.exists()]
        for above in reversed(missing):
            above.mkdir()
            made.append(above)
    except OSError as error:
        raise unwritable(folder, error) from error
