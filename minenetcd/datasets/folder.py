"""A data set on this disk, found by itself: folders of images, tables of paths, parquet files, saved data sets."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.reading.folder_layout import FolderLayout
from minenetcd.data.reading.image_table import ParquetFiles, SavedFolder, holds_images, parquet_schema
from minenetcd.data.reading.path_table import TABLE_ENDINGS, PathTable
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.split_names import WHOLE, by_split, choose_split
from minenetcd.datasets.objects import Pairs, as_dataset
from minenetcd.errors import DataError
from minenetcd.foreign import folders_of, refused
from minenetcd.registry import Table


class Found(Protocol):
    """A data set that was found: its splits, and how to open one."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Those of train, val and test that are there; ("all",) where the data set is not divided."""

    def open(self, source: str, split: str, options: ReadOptions, *, cache_dir: str | Path | None = None) -> Pairs:
        """The pairs of one of `splits`: a ChangeDataset, or what can stand for one."""


#: Looks at a path and gives the data set it finds there, None where the path is laid out otherwise.
Layout = Callable[[Path], Found | None]


def saved(path: Path) -> Found | None:
    """A folder written by save_to_disk of datasets."""
    return SavedFolder(path) if SavedFolder.is_one(path) else None


def parquet(path: Path) -> Found | None:
    """Parquet files with the images in them: one, or a folder of them named for their split."""
    if path.is_file():
        is_one = path.suffix.lower() in TABLE_ENDINGS and path.suffix.lower() != ".csv"
        return ParquetFiles({WHOLE: [path]}) if is_one and holds_images(parquet_schema(path)) else None
    files = _parquet_files(path)
    if not files or not holds_images(parquet_schema(path / files[0])):
        return None
    grouped = by_split(files, str(path))
    return ParquetFiles({split: [path / file for file in files] for split, files in grouped.items()})


def table(path: Path) -> Found | None:
    """A table of paths: a file, or the only table in a folder."""
    if path.is_file():
        return PathTable.read(path) if path.suffix.lower() in TABLE_ENDINGS else None
    within = folders_of(path)
    tables = [file for file in sorted(path.iterdir()) if PathTable.is_one(file) and not refused(file, within=within)]
    return PathTable.read(tables[0]) if len(tables) == 1 else None


def images(path: Path) -> Found | None:
    """Folders of images."""
    return FolderLayout.scan(path) if path.is_dir() else None


#: Those of the package are tried in this order, then those of plug-ins.
LAYOUTS: Table[Layout] = Table(
    "layout", "minenetcd.layouts", {"saved": saved, "parquet": parquet, "table": table, "images": images}
)

UNDERSTOOD = (
    "image folders A, B, label (or before, after, mask; t1, t2, gt; im1, im2, label), with or without train/val/test "
    "folders or lists (train.txt, list/train.txt); parquet files with imageA, imageB, label (data/train-*.parquet); a "
    "folder written by save_to_disk of datasets; or a CSV, parquet or GeoParquet table of paths with columns before, "
    "after, mask[, split]"
)


def open_path(
    path: Path,
    source: str,
    split: str,
    options: ReadOptions,
    *,
    layout: str | None = None,
    cache_dir: str | Path | None = None,
) -> ChangeDataset:
    """The pairs of one split of what lies at `path`; `source` is what the user called it."""
    found = find_data(path, layout)
    chosen = choose_split(source, split, found.splits)
    return as_dataset(found.open(source, chosen, options, cache_dir=cache_dir), split=chosen, source=source)


def find_data(path: Path, layout: str | None = None) -> Found:
    """See what lies at `path`, in any layout or the one named.

    UnknownNameError for a layout that is none, DataError, with those that are understood, where there is no data set.
    """
    if not path.exists():
        raise DataError(f"There is no file or folder {path}: check the path.")
    of_plugins = (name for name in LAYOUTS if name not in LAYOUTS.built_in)
    for name in [layout] if layout else [*LAYOUTS.built_in, *of_plugins]:
        found = LAYOUTS[name](path)
        if found is not None:
            return found
    if layout:
        raise DataError(f"{path} is not laid out as {layout!r}: leave layout out, and all layouts are tried.")
    if path.is_file():
        raise DataError(
            f"A data set is a folder or a table ({', '.join(TABLE_ENDINGS)}), got the file {path}: name one."
        )
    raise DataError(f"{path} holds no data set that is understood; it needs {UNDERSTOOD}.")


def _parquet_files(folder: Path) -> list[str]:
    """Parquet files in `folder` and below it, hidden ones left out, relative to it."""
    files = (file.relative_to(folder) for file in folder.rglob("*.parquet") if file.is_file())
    return sorted(str(file) for file in files if not any(part.startswith(".") for part in file.parts))
