"""Files as STAC assets, with size and checksum."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from minenetcd.files import sha256

if TYPE_CHECKING:  # an extra brings it
    from pystac import Asset

FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"

#: Of a multihash (SHA-256, 32 bytes), before the digest.
_SHA256 = "1220"

_KINDS = {
    ".tif": "image/tiff; application=geotiff; profile=cloud-optimized",
    ".gpkg": "application/geopackage+sqlite3",
    ".geojson": "application/geo+json",
    ".parquet": "application/vnd.apache.parquet",
    ".fgb": "application/vnd.flatgeobuf",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".csv": "text/csv",
    ".zip": "application/zip",
    ".qgz": "application/zip",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".qml": "application/xml",
    ".md": "text/markdown",
}


def asset(path: Path, href: str, *, title: str, roles: list[str], **fields: Any) -> "Asset":
    """The file `path`, which the item names `href`; it is read once for its checksum."""
    import pystac

    return pystac.Asset(
        href=href,
        title=title,
        media_type=_KINDS.get(path.suffix.lower(), "application/octet-stream"),
        roles=roles,
        extra_fields={**file_fields(path.stat().st_size, sha256(path)), **fields},
    )


def file_fields(size: int | None, checksum: str | None) -> dict[str, Any]:
    """What the file extension says of a file, as far as it is known."""
    said = {"file:size": size, "file:checksum": None if checksum is None else f"{_SHA256}{checksum}"}
    return {name: value for name, value in said.items() if value is not None}
