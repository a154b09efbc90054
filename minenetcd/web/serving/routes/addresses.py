"""What stands in addresses, and how answers of files are made: the same for all routers."""

import hashlib
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import Path
from fastapi.responses import FileResponse, Response

from minenetcd.foreign import folders_of, refused
from minenetcd.web.results.layers import Layer
from minenetcd.web.results.placement import DEEPEST_ZOOM, Tile
from minenetcd.web.serving.found.opened import version_of
from minenetcd.web.serving.problems import NotThere

Id = Annotated[str, Path(min_length=1, max_length=200, description="As the list of results has it.")]
LayerName = Annotated[str, Path(min_length=1, max_length=40)]
Zoom = Annotated[int, Path(ge=0, le=DEEPEST_ZOOM)]
Place = Annotated[int, Path(ge=0, lt=2**DEEPEST_ZOOM)]

PNG_ANSWER: dict[str, Any] = {
    "description": "A tile of 256 x 256 pixels; transparent where there is no data.",
    "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
}
GEOJSON_ANSWER: dict[str, Any] = {
    "description": "A GeoJSON FeatureCollection in longitude and latitude (RFC 7946).",
    "content": {"application/geo+json": {"schema": {"type": "object"}}},
}
FILE_ANSWER: dict[str, Any] = {
    "description": "The file.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}

#: A browser keeps what has a version in its address. [seconds]
A_DAY = 86_400
#: A report, or anything else out of a folder, may do nothing but be seen.
_SANDBOX = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors 'none'"

_SEEN = {
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".csv": "text/csv; charset=utf-8",
}


def tile_answer(layers: dict[str, Layer], name: str, z: int, x: int, y: int) -> Response:
    """The tile of a layer. NotThere for a layer that is not there."""
    if name not in layers:
        raise NotThere(f"There is no layer {name!r:.50} of this: it has {', '.join(layers) or 'none'}.")
    cached = {"cache-control": f"private, max-age={A_DAY}"}
    return Response(layers[name].tile(Tile(z, x, y)), media_type="image/png", headers=cached)


def version_in_address(folder: FilePath, name: str) -> str:
    """Another word for each state of the file `name`."""
    return hashlib.sha256(repr(version_of(folder / name)).encode()).hexdigest()[:12]


def file_answer(folder: FilePath, names: list[str], name: str) -> FileResponse:
    """The file `name` of `folder`, which is one of `names`, and lies in it. NotThere otherwise."""
    path = folder / name if name in names else None
    if path is None or refused(path, within=folders_of(folder)) is not None:
        raise NotThere(f"There is no file {name!r:.80} here.")
    kind = _SEEN.get(path.suffix, "application/octet-stream")
    shown = path.suffix in _SEEN and path.suffix != ".csv"
    return FileResponse(
        path,
        media_type=kind,
        filename=name,
        content_disposition_type="inline" if shown else "attachment",
        headers={"content-security-policy": _SANDBOX},
    )
