"""Parts of many sites copied into the files of a data set, group of rows by group of rows."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from minenetcd.building.site_parts import SitePart, parquet_writer
from minenetcd.files import atomic_path


class Group(NamedTuple):
    """One group of rows of a part, and its size in bytes."""

    path: Path
    number: int
    size: int


def write_shards(parts: Mapping[str, Sequence[SitePart]], folder: Path, *, shard_bytes: int) -> None:
    """SPLIT-00000-of-00001.parquet and so on in `folder`, the parts of each split in order; none for an empty one."""
    for split, of_split in parts.items():
        shards = list(_shards(of_split, shard_bytes))
        for number, groups in enumerate(shards):
            name = f"{split}-{number:05d}-of-{len(shards):05d}.parquet"
            with atomic_path(folder / name) as target:
                _copy(groups, target)


def _shards(parts: Sequence[SitePart], shard_bytes: int) -> Iterator[list[Group]]:
    """Groups in order, a new file whenever the next would make the last too large."""
    shard: list[Group] = []
    for group in _groups(parts):
        if shard and sum(other.size for other in shard) + group.size > shard_bytes:
            yield shard
            shard = []
        shard.append(group)
    if shard:
        yield shard


def _groups(parts: Sequence[SitePart]) -> Iterator[Group]:
    for part in parts:
        with pq.ParquetFile(part.path) as file:
            sizes = [file.metadata.row_group(number).total_byte_size for number in range(file.num_row_groups)]
        yield from (Group(part.path, number, size) for number, size in enumerate(sizes))


def _copy(groups: Sequence[Group], target: Path) -> None:
    with parquet_writer(target) as writer:
        for group in groups:
            with pq.ParquetFile(group.path) as file:
                writer.write_table(file.read_row_group(group.number))
