"""What stands in addresses, and how answers of files are made: the same for all routers."""

import hashlib
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import Path
from fastapi.responses import FileResponse, Response

from minenetcd.foreign import folders_of, refused
from minenetcd.web.results.file_states import FileStates, state_of
from minenetcd.web.results.folder import OpenedLayers
from minenetcd.web.results.placement import DEEPEST_ZOOM, Tile
from minenetcd.web.serving.problems import NotThere, Refused

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
#: What stands in for a layer that is in the making is asked for again after so long. [seconds]
SOON = 3
#: A report, or anything else out of a folder, may do nothing but be seen.
_SANDBOX = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors 'none'"

_SEEN = {
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".csv": "text/csv; charset=utf-8",
}


def tile_answer(opened: OpenedLayers, name: str, z: int, x: int, y: int) -> Response:
    """The tile of a layer. NotThere for one that is not there; Refused (410) where images are gone or were changed."""
    layers = opened.by_name
    if name not in layers and opened.missing:
        raise Refused(HTTPStatus.GONE, " ".join(opened.missing))
    if name not in layers:
        raise NotThere(f"There is no layer {name!r:.50} of this: it has {', '.join(layers) or 'none'}.")
    layer = layers[name]
    seconds = A_DAY if layer.is_final else SOON  # as it was before the tile was made
    cached = {"cache-control": f"private, max-age={seconds}"}
    return Response(layer.tile(Tile(z, x, y)), media_type="image/png", headers=cached)


def version_in_address(folder: FilePath, name: str, images: FileStates) -> str:
    """Another word for each state of the file `name`, and of `images`."""
    own = hashlib.sha256(repr(state_of(folder / name)).encode()).hexdigest()[:12]
    return f"{own}-{images.word}"


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
