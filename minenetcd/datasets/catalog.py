"""Data sets by name: the door to all of them, named, on the hub, on this disk or drawn by this package."""

from dataclasses import replace
from pathlib import Path
from typing import Literal, overload

from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.reading.image_table import ParquetFiles
from minenetcd.data.reading.stream import ChangeStream, hub_file
from minenetcd.data.split_names import choose_split, ordered, split_of
from minenetcd.datasets.download import HubName, OnDisk, available_on_disk, download_dataset, find_on_hub
from minenetcd.datasets.drawn import drawn_kind, open_drawn
from minenetcd.datasets.folder import find_data, open_path
from minenetcd.datasets.hub import HubDataset, MissingRepository, fetch
from minenetcd.datasets.named import DATASETS, find_named, named_dataset
from minenetcd.datasets.plugged import open_plugged, splits_of
from minenetcd.datasets.source import Source, read_source
from minenetcd.errors import DataError

__all__ = [
    "DATASETS",
    "OnDisk",
    "available_on_disk",
    "download_dataset",
    "list_splits",
    "load_dataset",
    "named_dataset",
    "published_table",
]


@overload
def load_dataset(
    source: str | Path,
    split: str,
    *,
    streaming: Literal[False] = False,
    cache_dir: str | Path | None = None,
    keep_unusable: bool = False,
) -> ChangeDataset: ...


@overload
def load_dataset(
    source: str | Path,
    split: str,
    *,
    streaming: Literal[True],
    cache_dir: str | Path | None = None,
    keep_unusable: bool = False,
) -> ChangeStream: ...


def load_dataset(
    source: str | Path,
    split: str,
    *,
    streaming: bool = False,
    cache_dir: str | Path | None = None,
    keep_unusable: bool = False,
) -> ChangeDataset | ChangeStream:
    """The pairs of one split (train, val or test) of a data set.

    `source`: a name of DATASETS, or a hub id "owner/name", with @REVISION to pin a branch, tag or commit; a folder or
    table, whose layout is found by itself; "synthetic:NAME?sites=20" or "pasted:FOLDER?pairs=1000"; or the name of a
    plug-in's data set, or where it stands, "package.module:Name". What files leave open may follow:
    "?bands=4,3,2&range=0,3000&not_labelled=128", or "?layout=NAME". A data set that is not divided is read whole as
    train, test or all.

    What is not on this disk is downloaded, into `cache_dir` or the cache of the hub. `streaming` reads parquet files
    from front to back instead, and keeps nothing: see ChangeStream for what that cannot do. Pairs whose files are
    missing, or not to be read, are refused at once, or, with `keep_unusable`, when they are asked for. Raises
    UnknownNameError for a name, DataError for data that is missing or cannot be read.
    """
    wanted = read_source(source)
    wanted = replace(wanted, options=replace(wanted.options, keep_unusable=keep_unusable))
    if (wanted.is_drawn or wanted.is_plugged) and streaming:
        raise _not_streamed(wanted.text)
    if wanted.is_drawn:
        return open_drawn(wanted.text, split, cache_dir=cache_dir)
    if wanted.is_plugged:
        return open_plugged(wanted.text, split)
    if wanted.hub is not None:
        return _load_hub(wanted, wanted.hub, split, streaming=streaming, cache_dir=cache_dir)
    if not streaming:
        return open_path(wanted.path, wanted.text, split, wanted.options, layout=wanted.layout, cache_dir=cache_dir)
    found = find_data(wanted.path, wanted.layout)
    if not isinstance(found, ParquetFiles):
        raise _not_streamed(str(wanted.path))
    chosen = choose_split(wanted.text, split, found.splits)
    if chosen not in found.files:
        raise DataError(f"Streaming reads whole files, {wanted.text} is divided by a column: load it without.")
    files = found.checked(found.files[chosen], wanted.options)
    return ChangeStream([str(file) for file in files], wanted.text, chosen, wanted.options)


def list_splits(source: str | Path, *, cache_dir: str | Path | None = None) -> tuple[str, ...]:
    """The splits of a data set; ("all",) where it is not divided. Of one on the hub, only a listing is fetched."""
    wanted = read_source(source)
    if (kind := drawn_kind(wanted.text)) is not None:
        return kind.splits
    if wanted.is_plugged:
        return splits_of(wanted.text)
    if wanted.hub is not None:
        found = _find(wanted, wanted.hub, cache_dir)
        return tuple(found.files) if found.is_parquet else ordered(filter(None, map(split_of, found.sizes)))
    return find_data(wanted.path, wanted.layout).splits


def published_table(source: str) -> str | None:
    """The table of published test scores on the data set `source`; None for a data set without one."""
    row = find_named(str(source).partition("@")[0], or_id=True)
    return row.published_table if row else None


def _load_hub(
    wanted: Source, name: HubName, split: str, *, streaming: bool, cache_dir: str | Path | None
) -> ChangeDataset | ChangeStream:
    found = _find(wanted, name, cache_dir)
    if not found.is_parquet:  # images in folders: what splits there are is known when all of it is here
        if streaming:
            raise _not_streamed(found.repo_id)
        fetch(found, list(found.files), cache_dir=cache_dir)
        return open_path(found.folder, wanted.text, split, wanted.options, layout=wanted.layout)
    chosen = choose_split(wanted.text, split, tuple(found.files))
    if streaming:
        files = [hub_file(found.repo_id, found.commit, file) for file in found.files[chosen]]
        return ChangeStream(files, wanted.text, chosen, wanted.options)
    fetch(found, [chosen], cache_dir=cache_dir)
    parquet = ParquetFiles({chosen: [found.folder / file for file in found.files[chosen]]})
    # the copies that are read row by row lie beside what was downloaded
    copies = None if cache_dir is None else Path(cache_dir) / "arrow"
    return parquet.open(wanted.text, chosen, wanted.options, cache_dir=copies)


def _find(wanted: Source, name: HubName, cache_dir: str | Path | None) -> HubDataset:
    try:
        return find_on_hub(name, cache_dir=cache_dir)
    except MissingRepository as error:
        if name.is_named:
            raise
        raise MissingRepository(f"{error} There is no folder {wanted.path} here either.") from error


def _not_streamed(source: str) -> DataError:
    return DataError(f"Streaming reads parquet files, {source!r} holds none: load it without.")
