"""Scenes of mining sites made into a benchmark: patches in parquet files, split by site, with checksums and a card.

While a data set is being built its parts lie in a hidden folder inside; the manifest is written last. So what has a
manifest is whole, and what was interrupted goes on where it was, to the same bytes.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from minenetcd.building.card import dataset_card
from minenetcd.building.manifest import BuildRequest, Manifest, describe, read_finished, write_manifest
from minenetcd.building.scenes import PatchOptions
from minenetcd.building.shards import write_shards
from minenetcd.building.site_parts import SitePart, make_part
from minenetcd.building.sites.table import read_site_table
from minenetcd.building.splits import SplitPlan, area_strata, split_by_site
from minenetcd.building.verification import DATA, MANIFEST
from minenetcd.constants import SPLITS, Progress, no_progress
from minenetcd.errors import DataError, OutputPathError
from minenetcd.files import locked, make_folder, reclaim, unwritable, write_text
from minenetcd.runtime.parallel_map import parallel_map

PARTS, CARD = ".parts", "README.md"
SHARD_BYTES = 500 * 2**20


@dataclass(frozen=True)
class BuiltDataset:
    """A data set on disk: `manifest` as in manifest.json; `was_there`: nothing had to be done."""

    folder: Path
    manifest: Manifest
    was_there: bool = False

    @property
    def warnings(self) -> list[str]:
        """Sites that gave no patch, and splits left without any, one line each."""
        bare = [site for site in self.manifest["sites"] if not site["patches"]]
        lines = [f"Site {site['id']!r} gave no patch: too little data in all {site['dropped']}." for site in bare]
        splits = self.manifest["splits"].items()
        return lines + [
            f"Split {name!r} has no patch." for name, split in splits if split["sites"] and not split["patches"]
        ]


def build_dataset(
    sites: str | Path,
    out: str | Path,
    *,
    patches: PatchOptions | None = None,
    split: SplitPlan | None = None,
    workers: int = 1,
    shard_bytes: int = SHARD_BYTES,
    note: str | None = None,
    verify: bool = False,
    progress: Progress = no_progress,
) -> BuiltDataset:
    """Cut the scenes of the site table `sites` into a data set in the folder `out`.

    One that is there is checked by size and time, with `verify` every file of it and of the scenes is read. `note` is
    what its card says of it first. `progress` counts sites done; with `workers` above 1 they are cut side by side.
    DataError for what is wrong with the table or a scene, or where no patch has enough data;
    OutputError where `out` cannot be written, is being built, or holds something else.
    """
    request = BuildRequest(read_site_table(sites), patches or PatchOptions(), split or SplitPlan(), shard_bytes, note)
    split_of = _splits(request)
    folder = Path(out)
    if (folder / MANIFEST).exists():
        shutil.rmtree(folder / PARTS, ignore_errors=True)
        return BuiltDataset(folder, read_finished(folder, request, verify=verify), was_there=True)
    with _building(folder):
        parts = _cut(request, folder / PARTS, workers, progress)
        _check_content(parts)
        by_split = {name: [part for part in parts if split_of[part.site.id] == name] for name in SPLITS}
        return BuiltDataset(folder, _assemble(request, by_split, folder))


def _splits(request: BuildRequest) -> dict[str, str]:
    """The split of each site id."""
    return split_by_site([site.id for site in request.sites], request.split, strata=_strata(request))


def _strata(request: BuildRequest) -> dict[str, str] | None:
    by, table = request.split.stratify, request.sites[0].table
    if by == "country":
        return {site.id: site.country or "" for site in request.sites}
    if by is None:
        return None
    areas = {site.id: site.area_km2 for site in request.sites if site.area_km2 is not None}
    unknown = [site.id for site in request.sites if site.id not in areas]
    if unknown:
        raise DataError(
            f"Stratifying by area needs the column area_km2 or polygons, {table} has neither for {unknown[0]!r}: "
            "add them, or stratify by country."
        )
    return area_strata(areas)


@contextmanager
def _building(folder: Path) -> Iterator[None]:
    """`folder` ready to be built in, by this process alone; its parts are removed once it has a manifest."""
    _prepare(folder)
    reclaim(folder)
    parts = folder / PARTS
    make_folder(parts)
    refusal = f"{folder} is being built by another process: wait for it, or choose another."
    try:
        with locked(parts / "lock", refusal=refusal):
            yield
    finally:
        if (folder / MANIFEST).exists():
            shutil.rmtree(parts, ignore_errors=True)


def _prepare(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputPathError(f"A folder is needed for the data set, {folder} is a file: choose another.")
    names = {path.name for path in make_folder(folder).iterdir()}
    if names and not names & {PARTS, MANIFEST}:
        raise OutputPathError(
            f"An empty folder is needed for the data set, {folder} holds {', '.join(sorted(names)[:3])}: "
            "choose another."
        )


def _cut(request: BuildRequest, folder: Path, workers: int, progress: Progress) -> list[SitePart]:
    """The part of each site, in the order of sites."""
    make, total = partial(make_part, options=request.patches, folder=folder), len(request.sites)
    parts = []
    progress(0, total)
    with parallel_map(workers) as mapped:
        for part in mapped(make, request.sites):
            parts.append(part)
            progress(len(parts), total)
    return parts


def _check_content(parts: Sequence[SitePart]) -> None:
    if not any(part.summary.patches for part in parts):
        dropped = sum(part.summary.dropped for part in parts)
        raise DataError(
            f"No patch has enough data: all {dropped} of {len(parts)} sites were dropped. Lower the share of valid "
            "pixels (--min-valid), or give images that overlap more."
        )


def _assemble(request: BuildRequest, parts: dict[str, list[SitePart]], folder: Path) -> Manifest:
    """Shards, card and manifest of `parts`, in that order."""
    hidden = folder / PARTS / DATA
    for stale in (hidden, folder / DATA):
        shutil.rmtree(stale, ignore_errors=True)
    try:
        hidden.mkdir()
        write_shards(parts, hidden, shard_bytes=request.shard_bytes)
        hidden.rename(folder / DATA)
    except OSError as error:
        raise unwritable(folder / DATA, error) from error
    description = describe(request, parts)
    write_text(folder / CARD, dataset_card(description))
    return write_manifest(description, folder, [*(folder / DATA).iterdir(), folder / CARD])
