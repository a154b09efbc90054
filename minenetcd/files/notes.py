"""Small files in which one process leaves word for the next: in their places may lie anything, of anybody."""

import os
import stat
from pathlib import Path

#: To open what has a name itself, never what a link of that name leads to, and not to wait for the far end of a pipe.
AS_IT_IS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

#: Larger ones are none. [bytes]
LARGEST = 2**24


def read_note(path: Path) -> str | None:
    """The text of the file `path`; None where it is none: not there, a link, a pipe, too large, no text."""
    try:
        if path.is_symlink():  # on Windows, where opening follows it
            return None
        descriptor = os.open(path, os.O_RDONLY | AS_IT_IS)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST:
                return None
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(LARGEST).decode()
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return None


def is_own_folder(path: Path) -> bool:
    """Whether `path` is a folder, and no link to one, that belongs to the user who runs this."""
    try:
        state = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(state.st_mode) and (os.name == "nt" or state.st_uid == os.geteuid())
