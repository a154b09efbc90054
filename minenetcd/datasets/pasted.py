"""Pairs pasted from real images as a data set: `pasted:FOLDER?pairs=1000&size=256` wherever a data set is named."""

from pathlib import Path

from minenetcd.building.drawn.once import cache_folder
from minenetcd.building.pasted_sets.pair_files import NOT_LABELLED
from minenetcd.building.pasted_sets.source import SPLITS, build_pasted, parse_pasted
from minenetcd.constants import Progress, no_progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.split_names import choose_split
from minenetcd.datasets.folder import open_path


def open_pasted(
    source: str,
    split: str,
    *,
    cache_dir: str | Path | None = None,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> ChangeDataset:
    """The pairs of train or val, drawn the first time that split is asked for, and kept where synthetic ones are.

    `progress` counts pairs drawn. OptionError or UnknownNameError for a source that cannot be read, DataError for
    another split and for images that cannot be used.
    """
    wanted = parse_pasted(source)
    chosen = choose_split(source, split, SPLITS)
    folder = build_pasted(wanted, chosen, cache_folder(cache_dir), workers=workers, progress=progress)
    return open_path(folder, source, chosen, ReadOptions(not_labelled=NOT_LABELLED))
