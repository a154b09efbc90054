"""Synthetic scenes as a data set: `synthetic:NAME?sites=20&size=1024&seed=1` wherever a data set is named."""

from pathlib import Path

from minenetcd.building.drawn.once import cache_folder
from minenetcd.building.synthetic_sets.source import build_synthetic, parse_synthetic
from minenetcd.constants import SPLITS, Progress, no_progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.datasets.folder import open_path
from minenetcd.errors import UnknownNameError


def open_synthetic(
    source: str,
    split: str,
    *,
    cache_dir: str | Path | None = None,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> ChangeDataset:
    """The pairs of one split of a synthetic data set, drawn and built the first time it is asked for.

    It is kept under `cache_dir`, else MINENETCD_CACHE, else where this system keeps such files. Of two processes
    that ask at once one builds, the other waits. `progress` counts scenes drawn. OptionError or UnknownNameError
    for a source that cannot be read or a split there is none of.
    """
    wanted = parse_synthetic(source)
    if split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    folder = build_synthetic(wanted, cache_folder(cache_dir), workers=workers, progress=progress)
    return open_path(folder, source, split, ReadOptions(), cache_dir=folder.with_name("rows"))
