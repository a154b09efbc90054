"""What a data set says of itself: how it was asked for, what it holds, and the checksums of its files."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from minenetcd.building.scenes import PatchOptions
from minenetcd.building.shards import sha256
from minenetcd.building.site_parts import SitePart
from minenetcd.building.sites.table import Site
from minenetcd.building.splits import SplitPlan
from minenetcd.errors import OutputPathError
from minenetcd.files import write_json

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class BuildRequest:
    """What is to be built; equal requests of equal files give equal bytes."""

    sites: Sequence[Site]
    patches: PatchOptions
    split: SplitPlan
    shard_bytes: int
    note: str | None = None

    @property
    def digest(self) -> str:
        """What decides the data set but for its files: the rows as they are written, and the options."""
        rows = [{key: value for key, value in asdict(site).items() if key != "table"} for site in self.sites]
        decisive = [rows, asdict(self.patches), asdict(self.split), self.shard_bytes, self.note]
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


def read_finished(folder: Path, request: BuildRequest) -> dict[str, Any]:
    """The manifest of a data set that is whole. OutputError where it is of another request, or of older files."""
    manifest_path = folder / MANIFEST
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("request") != request.digest:
        raise OutputPathError(
            f"{folder} holds a data set of other sites or options: choose another folder, or remove it."
        )
    built = manifest_path.stat().st_mtime
    for place in {place for site in request.sites for place in site.inputs()}:
        if os.path.exists(place) and os.stat(place).st_mtime > built:
            raise OutputPathError(
                f"{folder} was built before {place} was changed: choose another folder, or remove it."
            )
    return manifest


def describe(request: BuildRequest, parts: dict[str, list[SitePart]]) -> dict[str, Any]:
    """Everything but the files. Nothing in it tells the time or where on a disk things lie."""
    entries = [_entry(part, name) for name, of_split in parts.items() for part in of_split]
    counted = ("patches", "valid_pixels", "changed_pixels")
    return {
        "format": "minenetcd patches 1",
        "written_by": f"minenetcd {version('minenetcd')}",
        "request": request.digest,
        "note": request.note,
        "options": asdict(request.patches) | asdict(request.split),
        "splits": {
            name: {"sites": len(of_split)} | {key: sum(getattr(p.summary, key) for p in of_split) for key in counted}
            for name, of_split in parts.items()
        },
        "sites": sorted(entries, key=lambda entry: entry["id"]),
    }


def write_manifest(manifest: Mapping[str, Any], folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    """`manifest`, with the size and checksum of each of `files`, as manifest.json in `folder`."""
    listed = [
        {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size, "sha256": sha256(path)}
        for path in sorted(files)
    ]
    write_json(folder / MANIFEST, dict(manifest) | {"files": listed})
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def _entry(part: SitePart, split: str) -> dict[str, Any]:
    site = part.site
    names = {key: _file_name(place) for key, place in zip(("before", "after", "label"), site.inputs(), strict=True)}
    return {"id": site.id, "country": site.country, "split": split, **names, **asdict(part.summary)}


def _file_name(place: str) -> str:
    """The name alone, without folders and the signature of a URL, which are private."""
    return PurePosixPath(urlsplit(place).path if "://" in place else Path(place).as_posix()).name
