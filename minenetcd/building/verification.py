"""Is a data set that was built still what its manifest says, and are the scenes those it was cut from?

Quick is by size and time: a file is read where its size is right and it was written, moved or copied there after the
manifest. In full every file is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from minenetcd.building.sites.table import Site
from minenetcd.files import sha256
from minenetcd.foreign import folders_of, refused

DATA, MANIFEST = "data", "manifest.json"


class Damage(NamedTuple):
    """A file that is not as it was, and in what way."""

    path: str
    reason: str


def damaged_files(folder: Path, files: Sequence[Mapping[str, Any]], *, full: bool) -> list[Damage]:
    """Those of `files`, a manifest's, that are missing, cut short or exchanged, and shards that it does not list."""
    return [*_damaged(folder, files, full), *_not_listed(folder, {str(file["path"]) for file in files})]


def exchanged_inputs(
    folder: Path, sites: Sequence[Site], entries: Sequence[Mapping[str, Any]], *, full: bool
) -> list[Damage]:
    """The scenes and labels of `sites` that are not those of the manifest's `entries`.

    Of manifests that do not know them, of version 0.2, those that were written after it.
    """
    built = _written(folder / MANIFEST)
    known = {entry["id"]: entry.get("inputs") or () for entry in entries}
    wrong: dict[str, str] = {}
    for site in sites:
        places = site.inputs()
        for place, facts in zip(places, known.get(site.id) or (None,) * len(places), strict=True):
            path = Path(place)
            if place in wrong or not path.exists():  # a URL
                continue
            if facts is None:
                reason = "it was changed since" if path.stat().st_mtime > built else None
            else:
                reason = _unlike(path, facts, built, full=full)
            if reason is not None:
                wrong[place] = reason
    return [Damage(*item) for item in wrong.items()]


def _damaged(folder: Path, files: Sequence[Mapping[str, Any]], full: bool) -> Iterator[Damage]:
    built, within = _written(folder / MANIFEST), folders_of(folder)
    for file in files:
        path = folder / str(file["path"])
        reason = refused(path, within=within) or _unlike(path, file, built, full=full)
        if reason is not None:
            yield Damage(str(path), reason)


def _not_listed(folder: Path, listed: set[str]) -> Iterator[Damage]:
    for path in sorted((folder / DATA).glob("*.parquet")):
        if path.relative_to(folder).as_posix() not in listed:
            yield Damage(str(path), "the manifest does not list it")


def _unlike(path: Path, facts: Mapping[str, Any], built: float, *, full: bool) -> str | None:
    """How a file differs from the size and checksum in `facts`; None where it does not."""
    state = path.stat()
    if state.st_size != facts["bytes"]:
        return f"it has {state.st_size:,} bytes, and had {facts['bytes']:,}"
    if (full or _written(path) > built) and sha256(path) != facts["sha256"]:
        return "its content has changed"
    return None


def _written(path: Path) -> float:
    """When a file was last written, or came to its place: one that was moved there may have an old time of writing."""
    state = path.stat()
    return max(state.st_mtime, state.st_ctime)
