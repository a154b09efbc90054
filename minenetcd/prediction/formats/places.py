"""How files that describe a result name other files: relative where they can, so that a folder may be moved."""

import os
import re
from pathlib import Path

#: What GDAL calls files on the network, and how everybody else does.
_GDAL = {
    r"^/vsicurl/(?=https?://|ftp://)": "", r"^/vsis3/": "s3://", r"^/vsigs/": "gs://", r"^/vsiaz/": "az://",
}  # fmt: skip


def final_folder(path: Path) -> Path:
    """Where a file of a result will stand that is made at `path`, in a hidden folder in there."""
    return path.parent.parent


def href(name: str, folder: Path) -> str:
    """`name`, a path or a URL, as a file in `folder` names it: a path from there if it lies on this machine."""
    for prefix, scheme in _GDAL.items():
        name = re.sub(prefix, scheme, name)
    return path_from(name, folder)


def path_from(name: str, folder: Path) -> str:
    """`name` as GDAL opens it, from `folder`: only paths on this machine change."""
    if "://" in name or name.startswith("/vsi"):
        return name
    try:
        return Path(os.path.relpath(name, folder)).as_posix()
    except ValueError:  # on another drive
        return Path(name).as_posix()
