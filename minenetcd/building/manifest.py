"""What a data set says of itself: how it was asked for, what it holds, and the checksums of its files."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

from minenetcd.building.scenes import PatchOptions
from minenetcd.building.site_parts import InputFacts, SitePart
from minenetcd.building.sites.table import Site
from minenetcd.building.splits import SplitPlan
from minenetcd.building.verification import MANIFEST, Damage, damaged_files, exchanged_inputs
from minenetcd.constants import VERSION
from minenetcd.errors import OutputPathError
from minenetcd.files import sha256, write_json
from minenetcd.foreign import read_json
from minenetcd.secrets import without_secrets

FORMAT = "minenetcd patches 1"
#: Of a manifest: it has an entry for each site. [bytes]
LARGEST_MANIFEST = 2**30


class SplitFacts(TypedDict):
    """What the sites of a split gave."""

    sites: int
    patches: int
    valid_pixels: int
    changed_pixels: int


class SiteFacts(TypedDict):
    """Where a site's patches are from, file names alone, and the fields of its `PartSummary`.

    `inputs`: of before, after and label, None for a URL.
    """

    id: str
    country: str | None
    split: str
    before: str
    after: str
    label: str
    crs: str
    metres_per_pixel: float
    before_date: str | None
    after_date: str | None
    inputs: list[InputFacts | None]
    patches: int
    dropped: int
    valid_pixels: int
    changed_pixels: int


class FileFacts(TypedDict):
    """`path` below the folder, with / between its parts."""

    path: str
    bytes: int
    sha256: str


class Description(TypedDict):
    """Everything but the files; `options` are the fields of `PatchOptions` and of `SplitPlan`."""

    format: str
    written_by: str
    request: str
    note: str | None
    options: dict[str, Any]
    splits: dict[str, SplitFacts]
    sites: list[SiteFacts]


class Manifest(Description):
    files: list[FileFacts]


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


def read_finished(folder: Path, request: BuildRequest, *, verify: bool = False) -> Manifest:
    """The manifest of a data set that is whole, and of the files that it is asked for; see `verification`.

    `verify`: every file is read. OutputError where it is of another request or other files, or is damaged.
    """
    manifest: Manifest | None
    try:
        manifest = read_json(folder / MANIFEST, OutputPathError, most_bytes=LARGEST_MANIFEST)
    except OutputPathError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("request") != request.digest:
        raise OutputPathError(
            f"{folder} holds a data set of other sites or options: choose another folder, or remove it."
        )
    try:
        damaged = damaged_files(folder, manifest["files"], full=verify)
        exchanged = exchanged_inputs(folder, request.sites, manifest["sites"], full=verify)
    except (LookupError, TypeError, ValueError) as error:  # of another program, or written by hand
        raise OutputPathError(f"{folder / MANIFEST} is none of this package: choose another folder.") from error
    if damaged:
        raise OutputPathError(
            f"{folder} is not as it was built: {_first(damaged)}; remove it, and build the data set again."
        )
    if exchanged:
        raise OutputPathError(
            f"{folder} was built of other files: {_first(exchanged)}; choose another folder, or remove it."
        )
    return manifest


def describe(request: BuildRequest, parts: dict[str, list[SitePart]]) -> Description:
    """Everything but the files. Nothing in it tells the time or where on a disk things lie."""
    entries = [_entry(part, name) for name, of_split in parts.items() for part in of_split]
    return {
        "format": FORMAT,
        "written_by": f"minenetcd {VERSION}",
        "request": request.digest,
        "note": request.note,
        "options": asdict(request.patches) | asdict(request.split),
        "splits": {name: _together(of_split) for name, of_split in parts.items()},
        "sites": sorted(entries, key=lambda entry: entry["id"]),
    }


def write_manifest(description: Description, folder: Path, files: Sequence[Path]) -> Manifest:
    """`description`, with the size and checksum of each of `files`, as manifest.json in `folder`."""
    listed: list[FileFacts] = [
        {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size, "sha256": sha256(path)}
        for path in sorted(files)
    ]
    write_json(folder / MANIFEST, {**description, "files": listed})
    written: Manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return written


def _first(damages: Sequence[Damage]) -> str:
    more = f", and {len(damages) - 1} more" if len(damages) > 1 else ""
    return f"{damages[0].path} ({damages[0].reason}){more}"


def _together(parts: Sequence[SitePart]) -> SplitFacts:
    return {
        "sites": len(parts),
        "patches": sum(part.summary.patches for part in parts),
        "valid_pixels": sum(part.summary.valid_pixels for part in parts),
        "changed_pixels": sum(part.summary.changed_pixels for part in parts),
    }


def _entry(part: SitePart, split: str) -> SiteFacts:
    site, summary = part.site, part.summary
    before, after, label = map(_file_name, site.inputs())
    return {
        "id": site.id,
        "country": site.country,
        "split": split,
        "before": before,
        "after": after,
        "label": label,
        "crs": summary.crs,
        "metres_per_pixel": summary.metres_per_pixel,
        "before_date": summary.before_date,
        "after_date": summary.after_date,
        "inputs": summary.inputs,
        "patches": summary.patches,
        "dropped": summary.dropped,
        "valid_pixels": summary.valid_pixels,
        "changed_pixels": summary.changed_pixels,
    }


def _file_name(place: str) -> str:
    """The name alone, without folders and the signature of a URL, which are private."""
    return Path(without_secrets(place)).name
