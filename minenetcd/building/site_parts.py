"""The patches of one site in a file of its own, which stays until all sites are done.

A part is named after everything that decides what is in it; so a part that is there need not be made again.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from minenetcd.building.patch_table import IMAGES, PLACE, Row, patch_row, patch_schema
from minenetcd.building.scenes import Patch, PatchOptions, Scene, open_site
from minenetcd.building.sites.table import Site
from minenetcd.constants import VERSION
from minenetcd.files import atomic_path, sha256, write_json
from minenetcd.geo.grid import SQUARE_METRES_PER_HECTARE

#: Rows are written when they reach this size, or this number. [bytes, rows]
GROUP_BYTES, GROUP_ROWS = 8 * 2**20, 100


class InputFacts(TypedDict):
    """What a file was when it was read."""

    bytes: int
    sha256: str


@dataclass
class PartSummary:
    """What a site gave: `dropped` patches had too little data; pixels are counted where both dates have data.

    `inputs`: before, after and label, None for a URL.
    """

    crs: str
    metres_per_pixel: float
    before_date: str | None
    after_date: str | None
    patches: int = 0
    dropped: int = 0
    valid_pixels: int = 0
    changed_pixels: int = 0
    inputs: list[InputFacts | None] = field(default_factory=list)

    def count(self, patch: Patch | None) -> None:
        """Add one patch, or one dropped."""
        self.dropped += patch is None
        if patch is not None:
            self.patches += 1
            self.valid_pixels += patch.valid_pixels
            self.changed_pixels += int(np.count_nonzero(patch.label))


@dataclass(frozen=True)
class SitePart:
    """A site, the file of its patches, and what is in it."""

    site: Site
    path: Path
    summary: PartSummary


def make_part(site: Site, options: PatchOptions, folder: Path) -> SitePart:
    """The part of `site` in `folder`, cut now unless it is there from another run."""
    path = folder / f"{_key(site, options)}.parquet"
    summary_path = path.with_suffix(".json")  # written last: where it is, the part is whole
    if summary_path.exists() and path.exists():
        return SitePart(site, path, PartSummary(**json.loads(summary_path.read_text(encoding="utf-8"))))
    with open_site(site, options) as scene, atomic_path(path) as target:
        summary = _summary_of(scene)
        summary.inputs = [_facts_of(place) for place in site.inputs()]
        write_rows(_rows(scene, summary), target)
    write_json(summary_path, asdict(summary))
    return SitePart(site, path, summary)


def write_rows(rows: Iterable[Row], path: Path) -> None:
    """Rows into a parquet file; no more than a group of them is held at a time.

    Each row goes into Arrow's memory as it comes: kept as Python bytes among GDAL's blocks, the images of a large scene
    leave a heap that grows by a fifth of what is written.
    """
    with parquet_writer(path) as writer:
        group: list[pa.Table] = []
        size = 0
        for row in rows:
            group.append(pa.Table.from_pylist([row], writer.schema))
            size += group[-1].nbytes
            if len(group) == GROUP_ROWS or size >= GROUP_BYTES:
                writer.write_table(pa.concat_tables(group).combine_chunks())
                group, size = [], 0
        if group:
            writer.write_table(pa.concat_tables(group).combine_chunks())


def parquet_writer(path: Path) -> pq.ParquetWriter:
    """A writer that leaves images as they are: they are compressed already, and have no smallest or largest."""
    places = list(PLACE)
    pictures = {f"{image}.{field}": "none" for image in IMAGES for field in ("bytes", "path")}
    return pq.ParquetWriter(
        path, patch_schema(), compression=dict.fromkeys(places, "snappy") | pictures,
        use_dictionary=places, write_statistics=places,
    )  # fmt: skip


def _rows(scene: Scene, summary: PartSummary) -> Iterator[Row]:
    for patch in scene.patches():
        summary.count(patch)
        if patch is not None:
            yield patch_row(scene, patch)


def _summary_of(scene: Scene) -> PartSummary:
    metres = float(np.sqrt(scene.grid.pixel_hectares * SQUARE_METRES_PER_HECTARE))
    return PartSummary(scene.crs, round(metres, 4), scene.before_date, scene.after_date)


def _facts_of(place: str) -> InputFacts | None:
    return None if not os.path.isfile(place) else _facts(place, *_stamp(place))


@lru_cache(maxsize=64)
def _facts(place: str, size: int, _: int) -> InputFacts:
    """Remembered, because a layer of polygons may be the label of every site."""
    return {"bytes": size, "sha256": sha256(Path(place))}


def _key(site: Site, options: PatchOptions) -> str:
    """A digest of the row, the options, this package, and the files as they are now."""
    files = [(place, *_stamp(place)) for place in site.inputs()]
    decisive = [VERSION, asdict(site), asdict(options), files]
    return hashlib.sha256(json.dumps(decisive, default=str).encode()).hexdigest()[:32]


def _stamp(place: str) -> tuple[int, int]:
    """Size and time of the last change of a file; nothing for a URL."""
    if not os.path.exists(place):
        return 0, 0
    state = os.stat(place)
    return state.st_size, state.st_mtime_ns
