"""Files that GDAL opens, as Python does: on disk, and in a zip or tar there."""

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

#: What reading an archive raises that is damaged, or encrypted (RuntimeError), or packed as Python cannot unpack
#: (NotImplementedError).
DAMAGED = (OSError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, NotImplementedError)


@contextmanager
def opened_file(name: str) -> Iterator[BinaryIO | None]:
    """A file on disk or in an archive (/vsizip/..., /vsitar/...); None for other names. DAMAGED as there."""
    if os.path.isfile(name):
        with open(name, "rb") as file:
            yield file
        return
    archive, inside = _divided(name)
    if not archive:
        yield None
    elif name.startswith("/vsizip/"):
        with zipfile.ZipFile(archive) as zipped, zipped.open(inside) as member:
            yield cast("BinaryIO", member)
    else:
        import tarfile  # here: few need it, and a start waits for it

        try:
            with tarfile.open(archive) as tar:
                yield cast("BinaryIO | None", tar.extractfile(inside))
        except tarfile.TarError as error:
            raise OSError(str(error)) from error


def _divided(name: str) -> tuple[str, str]:
    """The archive on disk, and the name of the file in it; two empty names where there is none."""
    if not name.startswith(("/vsizip/", "/vsitar/")):
        return "", ""
    archive = os.path.dirname(name[len("/vsizip/") :])
    while os.path.dirname(archive) != archive and not os.path.isfile(archive):
        archive = os.path.dirname(archive)
    return (archive, name[len("/vsizip/") + len(archive) + 1 :]) if os.path.isfile(archive) else ("", "")
