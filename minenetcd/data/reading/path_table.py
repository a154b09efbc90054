"""A table of paths: CSV, parquet or GeoParquet, one pair a row, with what is known of its place and dates."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from minenetcd.data.reading.file_pairs import ROLES, FilePairs, PairFiles
from minenetcd.data.reading.image_table import SPLIT_COLUMN, image_columns
from minenetcd.data.reading.inside import ASK, InsideFolder
from minenetcd.data.reading.places import places_of
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.split_names import WHOLE, ordered, split_word
from minenetcd.display.escaping import from_csv
from minenetcd.display.words import counted, some_of
from minenetcd.errors import DataError, one_line
from minenetcd.foreign import NOT_THERE, OUTSIDE, refused

TABLE_ENDINGS = (".csv", ".parquet", ".geoparquet")
#: Of a table of paths. [bytes]
LARGEST_TABLE = 2**30


@dataclass(frozen=True)
class PathTable:
    """Rows with columns before, after, mask; paths are relative to the table's folder, and lead to files in it."""

    path: Path
    rows: pd.DataFrame

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether `path` is a table with the columns needed."""
        if path.suffix.lower() not in TABLE_ENDINGS or refused(path, most_bytes=LARGEST_TABLE) is not None:
            return False
        try:
            columns = (
                pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
                if path.suffix.lower() == ".csv"
                else pq.read_schema(path).names
            )
            image_columns(list(columns), str(path))
        except (ValueError, OSError, LookupError, TypeError, pa.ArrowException):  # DataError is a ValueError
            return False
        return True

    @classmethod
    def read(cls, path: Path) -> Self:
        """The table at `path`. DataError where it cannot be read, lacks a column, or has no row."""
        reason = refused(path, most_bytes=LARGEST_TABLE)
        if reason is not None:
            raise DataError(f"{path} cannot be read as a table ({reason}): name another, or divide it.")
        try:
            rows = _read(path)
        except (ValueError, OSError, LookupError, TypeError, OverflowError, pa.ArrowException) as error:
            reason = one_line(error)
            raise DataError(f"{path} cannot be read as a table ({reason}): write it again.") from error
        roles = {column: role for role, column in image_columns(list(rows.columns), str(path)).items()}
        rows = rows.rename(columns=roles)
        if len(rows) == 0:
            raise DataError(f"{path} needs a before, after and mask path in every row, it has no row: fill it in.")
        return cls(path, rows.reset_index(drop=True))

    @property
    def splits(self) -> tuple[str, ...]:
        """Those its column `split` names; ("all",) without one."""
        if SPLIT_COLUMN not in self.rows:
            return (WHOLE,)
        unknown = [word for word in self.rows[SPLIT_COLUMN].astype(str).unique() if split_word(word) is None]
        if unknown:
            raise DataError(
                f"{self.path} needs train, val or test in its column split, got {unknown[0]!r}: correct it."
            )
        return ordered(self._split_of_rows())

    def open(self, source: str, split: str, options: ReadOptions, *, cache_dir: str | Path | None = None) -> FilePairs:
        """The pairs of one of `splits`, see `pairs`."""
        return FilePairs(self.pairs(split, options), source, split, options)

    def pairs(self, split: str, options: ReadOptions) -> PairFiles:
        """The pairs of `split`, in the table's order. DataError naming files that are not there or not to be read."""
        rows = self.rows if split == WHOLE else self.rows[self._split_of_rows() == split]
        cells = rows[list(ROLES)]
        files = list(cells.astype(object).where(cells.notna(), "").astype(str).itertuples(index=False, name=None))
        if not options.keep_unusable:
            self._check_files(cells, files, options)
        return PairFiles(self.path.parent, self._names(rows, files), files, places_of(rows))

    def _check_files(self, cells: pd.DataFrame, files: list[tuple[str, str, str]], options: ReadOptions) -> None:
        """DataError for an empty cell, and for files that are not there or not to be read."""
        empty = cells.isna().any(axis=1)
        if empty.any():
            raise DataError(
                f"{self.path} needs a before, after and mask path in every row, row {empty.to_numpy().argmax() + 1} "
                "has an empty cell: fill it in."
            )
        folder = InsideFolder.of(self.path.parent, options)
        wrong = {file: reason for row in files for file in row if (reason := folder.refused(file)) is not None}
        outside = [file for file, reason in wrong.items() if reason == OUTSIDE]
        missing = [file for file, reason in wrong.items() if reason == NOT_THERE]
        if outside:
            raise DataError(
                f"{self.path} names {counted(len(outside), 'file')} outside of {folder.root}, {some_of(outside)}: "
                f"{ASK}."
            )
        if missing:
            raise DataError(
                f"{self.path} names {counted(len(missing), 'file')} that cannot be found, {some_of(missing)}: paths "
                f"are relative to {folder.root}."
            )
        if wrong:
            file, reason = next(iter(wrong.items()))
            raise DataError(f"{self.path} names {file}, which cannot be read ({reason}): correct it.")

    def _split_of_rows(self) -> pd.Series:
        return self.rows[SPLIT_COLUMN].astype(str).map(split_word)

    def _names(self, rows: pd.DataFrame, files: list[tuple[str, str, str]]) -> list[str]:
        """The column `name`, else stems of the before images, else their paths; each is there once."""
        given = [rows["name"].astype(str).tolist()] if "name" in rows else []
        candidates = (
            *given,
            [Path(before).stem for before, _, _ in files],
            [str(Path(os.path.splitext(before)[0])) for before, _, _ in files],
        )
        unique = (names for names in candidates if len(set(names)) == len(names))
        return next(unique, [f"{index:06d}" for index in range(len(files))])


def _read(path: Path) -> pd.DataFrame:
    if path.suffix.lower() == ".csv":
        return _stripped(_lower_case(pd.read_csv(path, encoding="utf-8-sig")))
    if b"geo" in (pq.read_schema(path).metadata or {}):
        return _with_bounds(gpd.read_parquet(path))
    return _lower_case(pd.read_parquet(path))


def _with_bounds(table: gpd.GeoDataFrame) -> pd.DataFrame:
    """Bounds and CRS of the footprints as columns, unless the table has its own."""
    rows = _lower_case(pd.DataFrame(table.drop(columns=table.geometry.name)))
    bounds = table.bounds.set_axis(["left", "bottom", "right", "top"], axis=1)
    if table.crs is not None:
        bounds["crs"] = table.crs.to_string()
    return pd.concat([rows, bounds[[name for name in bounds if name not in rows]]], axis=1)


def _stripped(rows: pd.DataFrame) -> pd.DataFrame:
    """Without the blanks that people write after a comma, and the apostrophe before what would be a formula."""
    texts = rows.select_dtypes(include=["object", "string"]).columns
    return rows.assign(
        **{
            name: rows[name].map(lambda cell: from_csv(cell.strip()) if isinstance(cell, str) else cell)
            for name in texts
        }
    )


def _lower_case(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns={column: str(column).strip().lower() for column in rows.columns})
