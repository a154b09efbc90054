"""A data set on this disk, found by itself: folders of images, tables of paths, parquet files, saved data sets."""

from pathlib import Path
from typing import Protocol

from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.reading.decode import ReadOptions
from minenetcd.data.reading.folder_layout import FolderLayout
from minenetcd.data.reading.image_table import ParquetFiles, SavedFolder, holds_images, parquet_schema
from minenetcd.data.reading.path_table import TABLE_ENDINGS, PathTable
from minenetcd.data.split_names import WHOLE, by_split, choose_split
from minenetcd.errors import DataError

LAYOUTS = (
    "image folders A, B, label (or before, after, mask; t1, t2, gt; im1, im2, label), with or without train/val/test "
    "folders or lists (train.txt, list/train.txt); parquet files with imageA, imageB, label (data/train-*.parquet); a "
    "folder written by save_to_disk of datasets; or a CSV, parquet or GeoParquet table of paths with columns before, "
    "after, mask[, split]"
)


class Found(Protocol):
    """A data set that was found: its splits, and how to open one."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Those of train, val and test that are there; ("all",) where the data set is not divided."""

    def open(
        self, source: str, split: str, options: ReadOptions, *, cache_dir: str | Path | None = None
    ) -> ChangeDataset:
        """The pairs of one of `splits`."""


def open_path(
    path: Path, source: str, split: str, options: ReadOptions, *, cache_dir: str | Path | None = None
) -> ChangeDataset:
    """The pairs of one split of what lies at `path`; `source` is what the user called it."""
    found = find_data(path)
    return found.open(source, choose_split(source, split, found.splits), options, cache_dir=cache_dir)


def find_data(path: Path) -> Found:
    """See what lies at `path`. DataError, with the layouts that are understood, where there is no data set."""
    if not path.exists():
        raise DataError(f"There is no file or folder {path}: check the path.")
    if path.is_file():
        return _find_file(path)
    if SavedFolder.is_one(path):
        return SavedFolder(path)
    parquet = _parquet_files(path)
    if parquet and holds_images(parquet_schema(path / parquet[0])):
        grouped = by_split(parquet, str(path))
        return ParquetFiles({split: [path / file for file in files] for split, files in grouped.items()})
    tables = [file for file in sorted(path.iterdir()) if PathTable.is_one(file)]
    found = PathTable.read(tables[0]) if len(tables) == 1 else FolderLayout.scan(path)
    if found is None:
        raise DataError(f"{path} holds no data set that is understood; it needs {LAYOUTS}.")
    return found


def _find_file(path: Path) -> Found:
    if path.suffix.lower() not in TABLE_ENDINGS:
        raise DataError(
            f"A data set is a folder or a table ({', '.join(TABLE_ENDINGS)}), got the file {path}: name one."
        )
    if path.suffix.lower() != ".csv" and holds_images(parquet_schema(path)):
        return ParquetFiles({WHOLE: [path]})
    return PathTable.read(path)


def _parquet_files(folder: Path) -> list[str]:
    """Parquet files in `folder` and below it, hidden ones left out, relative to it."""
    files = (file.relative_to(folder) for file in folder.rglob("*.parquet"))
    return sorted(str(file) for file in files if not any(part.startswith(".") for part in file.parts))
