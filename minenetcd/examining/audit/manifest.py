"""Whether a data set that this package built is still what its manifest says."""

from pathlib import Path

from minenetcd.building.manifest import FORMAT, LARGEST_MANIFEST
from minenetcd.building.verification import MANIFEST, damaged_files
from minenetcd.datasets.source import read_source
from minenetcd.display.words import counted
from minenetcd.errors import DataError
from minenetcd.examining.audit.finding import Finding
from minenetcd.foreign import read_json


def check_manifest(source: str | Path) -> list[Finding]:
    """Files that are missing, cut short, exchanged or not listed; all of them are read. Nothing without a manifest."""
    wanted = read_source(source)
    path = wanted.path / MANIFEST
    if wanted.hub or wanted.is_drawn or wanted.is_plugged or not path.is_file():
        return []
    try:
        manifest = read_json(path, DataError, most_bytes=LARGEST_MANIFEST)
    except DataError as error:
        return [Finding("warning", "manifest", f"The manifest cannot be read: {error}")]
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return []  # that of another program
    try:
        damaged = damaged_files(wanted.path, manifest["files"], full=True)
    except (LookupError, TypeError, ValueError):
        return [Finding("error", "manifest", f"{path} lists no files with their sizes and checksums: build it again")]
    if not damaged:
        return []
    names = tuple(damage.path for damage in damaged)
    details = tuple(f"{damage.path}: {damage.reason}" for damage in damaged)
    message = f"{counted(len(damaged), 'file')} not as the manifest says: fetch or build the data set again"
    return [Finding("error", "manifest", message, names, details)]
