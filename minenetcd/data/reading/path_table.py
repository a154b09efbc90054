"""A table of paths: CSV, parquet or GeoParquet, one pair a row, with what is known of its place and dates."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from minenetcd.data.reading.file_pairs import ROLES, FilePairs, PairFiles, some_of
from minenetcd.data.reading.image_table import SPLIT_COLUMN, image_columns
from minenetcd.data.reading.places import places_of
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.data.split_names import WHOLE, ordered, split_word
from minenetcd.errors import DataError, one_line

TABLE_ENDINGS = (".csv", ".parquet", ".geoparquet")


@dataclass(frozen=True)
class PathTable:
    """Rows with columns before, after, mask; paths are relative to the table's folder, or absolute."""

    path: Path
    rows: pd.DataFrame

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether `path` is a table with the columns needed."""
        if not path.is_file() or path.suffix.lower() not in TABLE_ENDINGS:
            return False
        try:
            columns = (
                pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
                if path.suffix.lower() == ".csv"
                else pq.read_schema(path).names
            )
            image_columns(list(columns), str(path))
        except (ValueError, OSError, pa.ArrowException):  # DataError is a ValueError
            return False
        return True

    @classmethod
    def read(cls, path: Path) -> Self:
        """The table at `path`. DataError where it cannot be read, lacks a column, or has no row or an empty cell."""
        try:
            rows = _read(path)
        except (ValueError, OSError, pa.ArrowException) as error:
            reason = one_line(error)
            raise DataError(f"{path} cannot be read as a table ({reason}): write it again.") from error
        roles = {column: role for role, column in image_columns(list(rows.columns), str(path)).items()}
        rows = rows.rename(columns=roles)
        empty = rows[list(ROLES)].isna().any(axis=1)
        if len(rows) == 0 or empty.any():
            what = f"row {int(empty.argmax()) + 1} has an empty cell" if len(rows) else "it has no row"
            raise DataError(f"{path} needs a before, after and mask path in every row, {what}: fill it in.")
        return cls(path, rows)

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
        return FilePairs(self.pairs(split), source, split, options)

    def pairs(self, split: str) -> PairFiles:
        """The pairs of `split`, in the table's order. DataError naming files that are not there."""
        rows = self.rows if split == WHOLE else self.rows[self._split_of_rows() == split]
        files = list(rows[list(ROLES)].astype(str).itertuples(index=False, name=None))
        root = self.path.parent
        missing = [file for row in files for file in row if not (root / file).is_file()]
        if missing:
            raise DataError(
                f"{self.path} names {len(missing)} file{'s' * (len(missing) > 1)} that cannot be found, "
                f"{some_of(missing)}: paths are relative to {root}."
            )
        return PairFiles(root, self._names(rows, files), files, places_of(rows))

    def _split_of_rows(self) -> pd.Series:
        return self.rows[SPLIT_COLUMN].astype(str).map(split_word)

    def _names(self, rows: pd.DataFrame, files: list[tuple[str, str, str]]) -> list[str]:
        """The column `name`, else stems of the before images, else their paths; each is there once."""
        given = [rows["name"].astype(str).tolist()] if "name" in rows else []
        candidates = (
            *given,
            [Path(before).stem for before, _, _ in files],
            [str(Path(before).with_suffix("")) for before, _, _ in files],
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
    """Without the blanks that people write after a comma."""
    texts = rows.select_dtypes(include=["object", "string"]).columns
    return rows.assign(
        **{name: rows[name].map(lambda cell: cell.strip() if isinstance(cell, str) else cell) for name in texts}
    )


def _lower_case(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns={column: str(column).strip().lower() for column in rows.columns})
