"""Names of files that are no plain paths: file://, zip://, tar:// and /vsi..., and what cannot be opened."""

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from minenetcd.errors import RasterError
from minenetcd.geo.source import REMOTE

#: Endings of images, and of files whose variables may be bands of one.
PICTURES = (".tif", ".tiff", ".jp2", ".png", ".jpg", ".jpeg", ".webp", ".img")
OF_VARIABLES = (".nc", ".nc4", ".h5", ".hdf5", ".hdf", ".he5")

ARCHIVES = {".zip": "/vsizip/", ".tar": "/vsitar/", ".tgz": "/vsitar/", ".gz": "/vsitar/"}

_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]+)://", re.IGNORECASE)
_KNOWN = ", ".join(f"{scheme}://" for scheme in ("file", "zip", "tar", *REMOTE))


def is_remote(text: str) -> bool:
    """Whether a name leads over the network, or to what only GDAL knows."""
    return text.startswith("/vsi") or ((found := _SCHEME.match(text)) is not None and found[1].lower() != "file")


def resolved_name(text: str) -> str:
    """A path, or a name as `geo.source.gdal_name` takes it, for one that begins with a scheme.

    RasterError for a scheme that nothing here opens.
    """
    found = _SCHEME.match(text)
    if found is None or os.path.exists(text):
        return text
    scheme, rest = found[1].lower(), text[found.end() :]
    if scheme == "file":
        return str(local_path(text, Path()))
    if scheme in ("zip", "tar"):
        archive, _, inside = rest.partition("!")
        archive = archive.removeprefix("file://")
        return archive if not inside.strip("/") else f"/vsi{scheme}/{Path(archive).resolve()}/{inside.strip('/')}"
    if scheme not in REMOTE:
        raise RasterError(f"Names that begin with {scheme}:// cannot be opened: give a path, {_KNOWN} or /vsi...")
    return f"{scheme}{text[len(scheme) :]}"


def local_path(href: str, folder: Path) -> Path:
    """A file:// URL or a path, relative ones from `folder`. RasterError for a URL of another machine."""
    if not href.lower().startswith("file:"):
        return folder / href
    parts = urlsplit(href)
    if parts.netloc not in ("", "localhost", "."):
        raise RasterError(f"A file of this machine is needed, {href} names the machine {parts.netloc}: give a path.")
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if os.name == "nt":
        from urllib.request import url2pathname  # here: it brings TLS and HTTP, and few need it

        return folder / url2pathname(path)
    return folder / unquote(path)


def archive_prefix(path: Path) -> str | None:
    """How GDAL names what is inside an archive; None for other files."""
    name = path.name.lower()
    if name.endswith(".gz") and not name.endswith(".tar.gz"):
        return None
    return ARCHIVES.get(path.suffix.lower())
