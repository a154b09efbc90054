"""A table of pairs: CSV, GeoJSON, GeoPackage or Parquet, one pair a row, with what a row says in place of an option."""

import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio

from minenetcd.display.escaping import from_csv
from minenetcd.display.words import some_of
from minenetcd.errors import DataError, OptionError, one_line
from minenetcd.foreign import refused, table_rows
from minenetcd.geo.areas.wanted import Kind
from minenetcd.geo.bands.wanted import Wanted, parse_bands
from minenetcd.geo.date_files.names import is_remote
from minenetcd.prediction.options import PredictOptions

NEEDED = ("id", "before", "after")
ENDINGS = (".csv", ".geojson", ".json", ".gpkg", ".parquet", ".geoparquet")
LARGEST_TABLE = 2**30  # [bytes]
LONGEST_ID = 120  # of a folder name that has room for files below [bytes]

#: What systems take for something else than a folder of that name.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
_NOT_IN_NAMES = '/\\<>:"|?*'


@dataclass(frozen=True)
class ImagePair:
    """Two dates of one place: `id` names the folder of its results, `before` and `after` what `predict` takes."""

    id: str
    before: str
    after: str
    options: PredictOptions


def read_table(path: str | Path, options: PredictOptions) -> tuple[list[ImagePair], list[str]]:
    """The pairs of the table at `path`, in its order, and the columns that mean nothing here.

    Relative paths start at the table's folder. DataError for a table that cannot be read, lacks a column, has no rows,
    or ids that repeat or name no folder; OptionError, naming the row, for an option that is none.
    """
    path = Path(path)
    rows = _rows(path)
    columns = {name for row in rows for name in row}
    missing = [name for name in NEEDED if name not in columns]
    if missing and rows:
        raise DataError(
            f"{path} needs the columns {', '.join(NEEDED)}, it has {some_of(sorted(columns), 12)}: add "
            f"{' and '.join(missing)}."
        )
    if not rows:
        raise DataError(f"{path} needs a pair a row (columns {', '.join(NEEDED)}), it has no row: fill it in.")
    pairs = [_pair(path, number, row, options) for number, row in enumerate(rows, start=1)]
    check_ids([pair.id for pair in pairs], str(path))
    return pairs, sorted(columns - {*NEEDED, *OPTION_COLUMNS})


def check_ids(ids: Iterable[str], where: str) -> None:
    """DataError unless each of `ids` can name a folder of its own, on any system; `where` they stand."""
    seen: dict[str, str] = {}
    for name in ids:
        if (reason := _no_folder_name(name)) is not None:
            raise DataError(
                f"{where} needs ids that can name folders, got {name!r:.80} ({reason}): letters, digits, - and _ are "
                "safe."
            )
        alike = unicodedata.normalize("NFC", name).casefold()  # as macOS and Windows see names
        if alike in seen:
            raise DataError(
                f"{where} needs an id of its own for each pair, {name!r} is there twice"
                f"{'' if seen[alike] == name else f' (once as {seen[alike]!r})'}: number them."
            )
        seen[alike] = name


def _no_folder_name(name: str) -> str | None:
    """Why `name` is none; None where it is one."""
    if not name:
        return "empty"
    if name.startswith("."):
        return "it begins with a dot"
    if name.endswith((".", " ")):
        return "it ends with a dot or a blank"
    if len(name.encode()) > LONGEST_ID:
        return f"longer than {LONGEST_ID} bytes"
    if any(letter in _NOT_IN_NAMES or not letter.isprintable() for letter in name):
        return "a letter that names of folders cannot hold"
    if name.split(".")[0].lower() in _RESERVED or name.lower() in _RESULTS:
        return "the name is taken"
    return None


#: The files beside the folders of the pairs.
_RESULTS = {"index.html", "map.html", "summary.csv", "polygons.parquet"}


def _pair(path: Path, number: int, row: Mapping[str, str], options: PredictOptions) -> ImagePair:
    where = f"{path}, row {number}" + (f" ({row['id']:.40})" if row.get("id") else "")
    empty = [name for name in NEEDED if not row.get(name)]
    if empty:
        raise DataError(f"{where} needs {', '.join(NEEDED)}, {' and '.join(empty)} is empty: fill it in.")
    before, after = (_image(path.parent, row[name]) for name in ("before", "after"))
    try:
        return ImagePair(row["id"], before, after, replace(options, **_stated(row, path.parent)))
    except OptionError as error:
        raise OptionError(f"{where}: {error}") from error


def _image(folder: Path, name: str) -> str:
    """What is named from `folder` on; one file a band is named with commas between, as on the command line."""
    if is_remote(name) or Path(name).is_absolute():
        return name
    whole = folder / name
    if whole.exists() or "," not in name:
        return str(whole)
    return ",".join(_image(folder, part.strip()) for part in name.split(","))


def _stated(row: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """The options that `row` states; a cell that is empty states nothing. OptionError for one that cannot be read."""
    stated = {name: read(row[name], name) for name, read in _READERS.items() if row.get(name)}
    stated |= {name: _file(folder, row[name], is_mask=name.startswith("mask")) for name in _FILES if row.get(name)}
    if "nodata" in stated and not row.get("nodata_after"):
        stated["nodata_after"] = stated["nodata"]
    return stated


def _file(folder: Path, text: str, *, is_mask: bool) -> str:
    """A file that is named from `folder` on, there or not, alone or with a layer (FILE:LAYER).

    A mask may have a kind (KIND:FILE); a kind alone stays, as it names no file.
    """
    kind, _, file = text.partition(":")
    is_kind = is_mask and kind in get_args(Kind) and not (folder / text).exists()
    named = file if is_kind else text
    if not named or is_remote(named) or Path(named).is_absolute():
        return text
    return f"{kind}:{folder / named}" if is_kind else str(folder / named)


def _number(text: str, name: str) -> float:
    try:
        return int(text) if text.lstrip("+-").isdecimal() and len(text) < 20 else float(text)
    except ValueError as error:
        raise OptionError(f"{name} needs a number, got {text!r:.40}: e.g. 1.2.") from error


def _number_or_none(text: str, name: str) -> float | None:
    return None if text.lower() == "none" else _number(text, name)


def _bands(text: str, name: str) -> Wanted:
    bands = parse_bands(text)
    if bands is None:
        raise OptionError(f"{name} needs band numbers or names with commas between, got {text!r:.40}: e.g. 4,3,2.")
    return bands


def _is_on(text: str, name: str) -> bool:
    if text.lower() not in ("auto", "off"):
        raise OptionError(f"{name} needs auto or off, got {text!r:.40}: write one of them.")
    return text.lower() == "auto"


#: The columns that state an option of their row, and how their text is read.
_READERS: dict[str, Callable[[str, str], Any]] = {
    "bands": _bands,
    "bands_after": _bands,
    "gsd": _number,
    "threshold": _number,
    "seed_threshold": _number,
    "metres_per_pixel": _number,
    "min_area_ha": _number,
    "tone": _is_on,
    "coregister": _is_on,
    "crs": lambda text, _: text,
    "nodata": _number_or_none,
    "nodata_after": _number_or_none,
    "date_before": lambda text, _: text,
    "date_after": lambda text, _: text,
}
_FILES = ("aoi", "mask", "mask_before", "mask_after", "leases", "prior")
OPTION_COLUMNS = (*_READERS, *_FILES)


def _rows(path: Path) -> list[dict[str, str]]:
    """The cells of each row as text, empty where they are; names of columns in small letters. DataError."""
    if path.suffix.lower() not in ENDINGS:
        raise DataError(f"A table of pairs is needed ({', '.join(ENDINGS)}), got {path}: name one.")
    reason = refused(path, most_bytes=LARGEST_TABLE)
    if reason is not None:
        raise DataError(f"{path} cannot be read as a table ({reason}): name another.")
    try:
        frame = _frame(path)
    except (ValueError, OSError, LookupError, TypeError, RuntimeError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as a table ({one_line(error)}): write it again.") from error
    names = [str(name).strip().lower() for name in frame.columns]
    if repeated := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise DataError(f"{path} needs each column once, it has {repeated[0]!r} twice: remove one.")
    cells = frame.itertuples(index=False, name=None)
    return [dict(zip(names, map(_text, row), strict=True)) for row in cells]


def _frame(path: Path) -> pd.DataFrame:
    ending = path.suffix.lower()
    if ending == ".csv":
        return _csv(path)
    if ending in (".parquet", ".geoparquet"):
        table = pq.read_table(path)
        kept = [field.name for field in table.schema if not pa.types.is_binary(field.type)]  # geometries are not needed
        frame: pd.DataFrame = table.select(kept).to_pandas()
        return frame
    rows: pd.DataFrame = pyogrio.read_dataframe(path, read_geometry=False)
    return rows


def _csv(path: Path) -> pd.DataFrame:
    """ValueError where a row has more or fewer cells than the head: in which column they stand nobody knows."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = table_rows(file.read()) or [[]]
    uneven = next((number for number, row in enumerate(rows, start=1) if len(row) != len(head)), None)
    if uneven is not None:
        raise ValueError(f"row {uneven} has {len(rows[uneven - 1])} cells, the head {len(head)}")
    return pd.DataFrame(rows, columns=head, dtype=str)


def _text(cell: Any) -> str:
    """A cell as somebody would type it."""
    if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, date) else from_csv(str(cell).strip())
