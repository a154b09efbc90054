"""The one line for what could not be written."""

import errno
from pathlib import Path

from minenetcd.errors import OutputError, OutputPathError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def unwritable(path: Path, error: BaseException) -> OutputError:
    """The one-line error for a file that could not be written to the end: OutputPathError unless the disk is why."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error.__cause__ or error)
    is_path = isinstance(error, OSError) and error.errno not in {None, *FULL}
    return (OutputPathError if is_path else OutputError)(
        f"{path} cannot be written ({' '.join(reason.split())}): "
        "check that the disk has room and the folder allows writing."
    )
