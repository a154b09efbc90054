"""Tables that hold the images themselves: parquet files and folders saved by the Hugging Face `datasets` library.

Parquet cannot be read row by row, so its rows are copied once into an Arrow file in the `datasets` cache, which can.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets.exceptions import DatasetGenerationError
from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from numpy.typing import NDArray

import datasets
from minenetcd.constants import SPLITS
from minenetcd.data.reading.headers import DecodeError, Encoded
from minenetcd.data.reading.inside import InsideFolder
from minenetcd.data.reading.places import place_columns
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.reading.stored_pairs import EncodedPair, StoredPairs
from minenetcd.data.split_names import WHOLE, ordered, split_word
from minenetcd.errors import DataError, one_line
from minenetcd.foreign import read_json, refused

#: Role -> column names, in lower case, the published one first.
IMAGE_COLUMNS = {
    "before": ("imagea", "before"),
    "after": ("imageb", "after"),
    "mask": ("label", "mask"),
}
SPLIT_COLUMN = "split"
_ROWS_AT_A_TIME = 256
#: What `datasets` raises for files that are not as it wrote them: it looks up and builds what they name unchecked.
_UNFIT = (
    *(OSError, pa.ArrowException, DatasetGenerationError, ValueError, TypeError),
    *(LookupError, AttributeError, NotImplementedError),
)


class TablePairs(StoredPairs):
    """The rows of a `datasets.Dataset` as pairs; images are bytes in it, or paths it names."""

    def __init__(
        self, table: datasets.Dataset, source: str, split: str, options: ReadOptions, *, folder: Path | None = None
    ) -> None:
        super().__init__(source, split, options)
        if len(table) == 0:
            raise DataError(f"{source} ({split}) needs pairs, its table has no row: save it again.")
        self._folder = InsideFolder.of(folder or Path(), options)
        self._columns = image_columns(table.column_names, source)
        self._rows = table.with_format("arrow")
        self._masks = self._rows.select_columns([self._columns["mask"]])
        self.names = _names(self._rows, self._columns["before"])
        known = place_columns(table.column_names)
        self.places = table.select_columns(known).to_pandas() if known else None

    def encoded(self, index: int) -> EncodedPair:
        row = self._rows[index]
        return EncodedPair(*(self._image(row.column(column)[0].as_py()) for column in self._columns.values()))

    def encoded_mask(self, index: int) -> Encoded:
        return self._image(self._masks[index].column(0)[0].as_py())

    def sizes(self) -> NDArray[np.int64]:
        parts = [self._sizes_of(start) for start in range(0, len(self), _ROWS_AT_A_TIME)]
        return np.concatenate(parts)

    def _sizes_of(self, start: int) -> NDArray[np.int64]:
        """Sizes of the rows from `start`, from their offsets: no image is touched."""
        rows = self._rows[start : start + _ROWS_AT_A_TIME]
        sizes = [_byte_sizes(rows.column(column)) for column in self._columns.values()]
        known = [size for size in sizes if size is not None]
        if len(known) < len(sizes):
            pairs = (self.encoded(start + row) for row in range(len(rows)))
            return np.array([[_size(part) for part in pair] for pair in pairs], np.int64)
        return np.stack(known, axis=1)

    def describe(self, index: int, part: str) -> str:
        what = {"pair": "Pair", "mask": "The mask of pair"}.get(part, f"The {part} image of pair")
        return f"{what} {self.names[index]!r} in {self.source} ({self.split})"

    def _image(self, cell: Any) -> Encoded:
        content, path = (cell.get("bytes"), cell.get("path")) if isinstance(cell, dict) else (cell, cell)
        if isinstance(content, bytes):
            return content
        if not (path and isinstance(path, str)):
            raise DecodeError("the table holds neither an image nor a path in its place")
        return self._folder.file(path)


def open_parquet(files: Sequence[Path], source: str, split: str, *, cache_dir: str | Path | None) -> datasets.Dataset:
    """The rows of parquet files that belong together, in the files' order.

    `cache_dir`: where the Arrow copy goes, by default the cache of `datasets`. DataError for files that are damaged,
    lack a column or do not fit together, or where the disk has no room for the copy.
    """
    for file in files:
        image_columns(parquet_schema(file).names, str(file))
    filled = [str(file) for file in files if pq.read_metadata(file).num_rows]
    if not filled:
        raise DataError(f"{source} ({split}) needs pairs, its parquet files have no row: write them again.")
    try:
        with _quiet_datasets():
            return datasets.Dataset.from_parquet(
                filled,
                split=datasets.Split(split if split in SPLITS else "train"),  # "all" means something else there
                cache_dir=cache_dir and str(cache_dir),
                columns=needed_columns(parquet_schema(files[0]).names),
            )
    except _UNFIT as error:
        reason = one_line(error.__cause__ or error)
        room = "free room for a copy as large as they are, choose another cache folder, or stream"
        advice = room if "space" in reason else "download or write them again"
        raise DataError(f"The parquet files of {source} cannot be prepared ({reason}): {advice}.") from error


@contextmanager
def _quiet_datasets() -> Iterator[None]:
    """Without the library's bars, which would lie across ours, and its log, which says no more than its errors."""
    logger, silent = logging.getLogger("datasets"), are_progress_bars_disabled()
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    disable_progress_bars()
    try:
        yield
    finally:
        logger.setLevel(level)
        if not silent:
            enable_progress_bars()


@dataclass(frozen=True)
class ParquetFiles:
    """Parquet files with images in them: split -> files."""

    files: Mapping[str, Sequence[Path]]

    @property
    def splits(self) -> tuple[str, ...]:
        """Those files are named for, else those a column `split` names; ("all",) without either."""
        if set(self.files) != {WHOLE} or SPLIT_COLUMN not in parquet_schema(self.files[WHOLE][0]).names:
            return ordered(self.files)
        tables = (pq.read_table(file, columns=[SPLIT_COLUMN]) for file in self.files[WHOLE])
        words = {str(word) for table in tables for word in table[0].unique().to_pylist()}
        return ordered(split for word in words if (split := split_word(word)))

    def open(self, source: str, split: str, options: ReadOptions, *, cache_dir: str | Path | None = None) -> TablePairs:
        """The pairs of one of `splits`, see open_parquet."""
        files = self.checked(self.files.get(split) or self.files[WHOLE], options)
        table = open_parquet(files, source, split, cache_dir=cache_dir)
        if split not in self.files:
            words = enumerate(table[SPLIT_COLUMN])
            table = table.select([row for row, word in words if split_word(str(word)) == split])
        return TablePairs(table, source, split, options, folder=files[0].parent)

    @staticmethod
    def checked(files: Sequence[Path], options: ReadOptions) -> Sequence[Path]:
        """The same, where all of them lie in their folder. DataError where one is a link that leads out of it."""
        folder = InsideFolder.of(files[0].parent, options)
        for file in files:
            folder.check(file.name)
        return files


@dataclass(frozen=True)
class SavedFolder:
    """A folder that `save_to_disk` of `datasets` wrote: one table, or one in a folder for each split."""

    path: Path

    @staticmethod
    def is_one(path: Path) -> bool:
        return any((path / name).is_file() for name in ("dataset_dict.json", "state.json"))

    @property
    def splits(self) -> tuple[str, ...]:
        """Those it was saved with; ("all",) for one table."""
        return ordered(self._folders())

    def open(self, source: str, split: str, options: ReadOptions, *, cache_dir: str | Path | None = None) -> TablePairs:
        """The pairs of one of `splits`. DataError where the folder is damaged or lacks a column."""
        folder = self._folders().get(split, self.path)
        _check_saved(folder, options)
        try:
            table = datasets.load_from_disk(str(folder))
        except _UNFIT as error:
            reason = one_line(error)
            raise DataError(f"{folder} cannot be opened as a saved data set ({reason}): save it again.") from error
        return TablePairs(table, source, split, options, folder=self.path)

    def _folders(self) -> dict[str, Path]:
        folders = (path.parent for path in sorted(self.path.glob("*/state.json")))
        return {split: folder for folder in folders if (split := split_word(folder.name))}


def _check_saved(folder: Path, options: ReadOptions) -> None:
    """DataError where a saved table is made of files that are not in its folder: its state.json names them."""
    inside = InsideFolder.of(folder, options)
    state = folder / "state.json"
    named = (read_json(state, DataError) if state.is_file() else {}).get("_data_files", [])
    files = [entry.get("filename") for entry in named if isinstance(entry, dict)]
    for file in (*sorted(path.name for path in folder.iterdir() if path.is_file()), *files):
        inside.check(str(file))


def parquet_schema(file: Path) -> pa.Schema:
    """Columns of a parquet file. DataError where it is none."""
    reason = refused(file)
    if reason is not None:
        raise DataError(f"{file} cannot be read as parquet ({reason}): put the file back.")
    try:
        return pq.read_schema(file)
    except (OSError, pa.ArrowException) as error:
        reason = one_line(error)
        raise DataError(f"{file} cannot be read as parquet ({reason}): download or write it again.") from error


def holds_images(schema: pa.Schema) -> bool:
    """Whether the column of before images holds images, not paths of them."""
    lower = {field.name.lower(): field.type for field in schema}
    kinds = [lower[name] for name in IMAGE_COLUMNS["before"] if name in lower]
    return bool(kinds) and not (pa.types.is_string(kinds[0]) or pa.types.is_large_string(kinds[0]))


def image_columns(columns: Sequence[str], source: str) -> dict[str, str]:
    """Role -> the column that plays it. DataError naming those that are missing."""
    lower = {column.lower(): column for column in columns}
    chosen = {
        role: next((lower[name] for name in names if name in lower), None) for role, names in IMAGE_COLUMNS.items()
    }
    missing = [f"{('imageA', 'imageB', 'label')[i]} ({role})" for i, role in enumerate(chosen) if chosen[role] is None]
    if missing:
        raise DataError(
            f"{source} needs the columns imageA, imageB and label (or before, after, mask), it lacks "
            f"{', '.join(missing)} and has {', '.join(columns)}: rename them."
        )
    return {role: column for role, column in chosen.items() if column}


def needed_columns(columns: Sequence[str]) -> list[str]:
    """Those of `columns` that pairs are made of."""
    images = image_columns(columns, "The table").values()
    return [*images, *(name for name in ("name", SPLIT_COLUMN) if name in columns), *place_columns(columns)]


def _names(rows: datasets.Dataset, before: str) -> list[str]:
    """Names of pairs: the column `name`, else what the before images were called, else numbers; each is there once."""
    if "name" in rows.column_names:
        names = [str(name) for name in rows.select_columns(["name"])[:].column(0).to_pylist()]
        if len(set(names)) == len(names):
            return names
    column = rows.select_columns([before])[:].column(0)
    if pa.types.is_struct(column.type) and "path" in {field.name for field in column.type}:
        paths = pc.struct_field(column, "path").to_pylist()
        stems = [PurePosixPath(path).stem if path else "" for path in paths]
        if all(stems) and len(set(stems)) == len(stems):
            return stems
    return [f"{index:06d}" for index in range(len(rows))]


def _byte_sizes(column: pa.ChunkedArray) -> NDArray[np.int64] | None:
    """Bytes of each image of a column without touching them; None where some are paths."""
    content = pc.struct_field(column, "bytes") if pa.types.is_struct(column.type) else column
    if not (pa.types.is_binary(content.type) or pa.types.is_large_binary(content.type)) or content.null_count:
        return None
    return pc.binary_length(content).to_numpy().astype(np.int64)


def _size(encoded: Encoded) -> int:
    return len(encoded) if isinstance(encoded, bytes) else Path(encoded).stat().st_size
