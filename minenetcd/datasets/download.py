"""Data sets of the hub, by name or id, on their way to this disk. Light: what lists and downloads needs no torch."""

from dataclasses import dataclass
from pathlib import Path

from minenetcd.constants import Progress
from minenetcd.data.split_names import choose_split
from minenetcd.datasets.hub import HubDataset, MissingRepository, fetch, look_up, look_up_here
from minenetcd.datasets.named import find_named, named_dataset
from minenetcd.errors import DataError
from minenetcd.runtime.hub import is_hub_id


@dataclass(frozen=True)
class HubName:
    """What a user called a data set of the hub: the ids it may have there, and a revision."""

    text: str
    ids: tuple[str, ...]
    revision: str | None
    is_named: bool


@dataclass(frozen=True)
class OnDisk:
    """How much of a split is on this disk, in files and bytes."""

    files: int
    of_files: int
    bytes: int
    of_bytes: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing of it is missing."""
        return self.files == self.of_files


def hub_name(text: str) -> HubName | None:
    """NAME of DATASETS or "owner/name", either with @REVISION; None for what can be neither."""
    name, _, revision = text.partition("@")
    known = find_named(name)
    if known is not None:
        return HubName(text, known.hub_ids, revision or None, is_named=True)
    return HubName(text, (name,), revision or None, is_named=False) if is_hub_id(name) else None


def find_on_hub(name: HubName, *, cache_dir: str | Path | None = None) -> HubDataset:
    """The first of the ids that the hub has. MissingRepository where it has none, DataError as in `look_up`."""
    first: MissingRepository | None = None
    for repo_id in name.ids:
        try:
            return look_up(repo_id, revision=name.revision, cache_dir=cache_dir)
        except MissingRepository as error:
            first = first or error
    assert first is not None
    raise first


def download_dataset(
    source: str,
    *,
    splits: tuple[str, ...] | None = None,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> HubDataset:
    """Bring a named data set or one of the hub to this disk, all of it or some `splits`.

    `progress` counts bytes; without it a bar is drawn.
    What an interrupted download left complete is not fetched again. Raises UnknownNameError for a name, DataError
    where the hub does not have it or the disk no room.
    """
    found = find_on_hub(_needed(source), cache_dir=cache_dir)
    there = tuple(found.files)
    chosen = [choose_split(source, split, there) for split in splits or there]
    fetch(found, chosen, cache_dir=cache_dir, progress=progress)
    return found


def available_on_disk(source: str, *, cache_dir: str | Path | None = None) -> dict[str, OnDisk]:
    """By split, how much of a named data set or one of the hub is on this disk already; the hub is not asked.

    Empty where nothing is known of it here. UnknownNameError for a name.
    """
    name = _needed(source)
    here = (look_up_here(repo_id, revision=name.revision, cache_dir=cache_dir) for repo_id in name.ids)
    known = next((data for data in here if data is not None), None)
    return {} if known is None else {split: _on_disk(known, files) for split, files in known.files.items()}


def _needed(source: str) -> HubName:
    name = hub_name(source)
    if name is None:
        named_dataset(source.partition("@")[0])
        raise DataError(f"A name or a hub id is needed, got {source!r}: choose from 'minenetcd datasets'.")
    return name


def _on_disk(data: HubDataset, files: list[str]) -> OnDisk:
    missing = set(data.missing(files))
    here, of = (sum(data.sizes[file] for file in part) for part in (set(files) - missing, files))
    return OnDisk(len(files) - len(missing), len(files), here, of)
