"""The table that says more of the sets of a folder than their names do: columns set, tile, mines and one_place."""

import csv
import io
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from minenetcd.errors import DataError, one_line

#: Its name in the folder.
TABLE = "sets.csv"

COLUMNS = ("set", "tile", "mines", "one_place")
_YES_OR_NO = {"": False, "no": False, "yes": True}


@dataclass(frozen=True)
class Said:
    """What the table says of a set; `tile` in pixels."""

    tile: int | None = None
    mines: bool = False
    one_place: bool = False


def table_of(folder: Path, table: Path | None) -> Path | None:
    """The table that is named, else the folder's own; None without either. DataError for one that is no file."""
    own = folder / TABLE
    found = table or (own if os.path.lexists(own) else None)
    if found is not None and os.path.isdir(found):
        raise DataError(f"A table is a CSV file, {found} is a folder: name a file, or give the folder another name.")
    if found is not None and not os.path.isfile(found):
        raise DataError(f"There is no table {found}: check the path.")
    return found


def table_bytes(path: Path) -> bytes:
    """What is in it. DataError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): make it readable.") from error


def read_table(path: Path, names: Collection[str]) -> dict[str, Said]:
    """What is said of each set in `names`, in any case of letters; cells may be empty.

    DataError for other columns, a set that is not there or stands twice, and other values.
    """
    said: dict[str, Said] = {}
    for row in _rows(path):
        wanted = row["set"].lower()
        name = next((of for of in names if of.lower() == wanted), None)
        if name is None:
            raise DataError(f"{path} needs the name of a set in its column set, got {row['set']!r}: correct it.")
        if name in said:
            raise DataError(f"{path} needs one row for each set, {name} has two: leave one out.")
        said[name] = _said(path, name, row)
    return said


def _said(path: Path, name: str, row: Mapping[str, str]) -> Said:
    tile, mines, one_place = (row[column].lower() for column in COLUMNS[1:])
    if not re.fullmatch(r"([1-9]\d{0,5})?", tile) or not {mines, one_place} <= set(_YES_OR_NO):
        raise DataError(
            f"{path} needs pixels as tile, yes or no as mines and one_place, or nothing, got {tile!r}, {mines!r} "
            f"and {one_place!r} for {name}: correct it."
        )
    return Said(int(tile) if tile else None, _YES_OR_NO[mines], _YES_OR_NO[one_place])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows by column, all of COLUMNS among them."""
    try:
        found = [row for row in csv.reader(io.StringIO(table_bytes(path).decode("utf-8-sig"), newline="")) if row]
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a table ({one_line(error)}): write it again.") from error
    header = [cell.strip().lower() for cell in found[0]] if found else []
    _check_header(path, header)
    for row in found[1:]:
        if len(row) > len(header):
            raise DataError(f"{path} needs {len(header)} cells in a row, got {','.join(row)!r:.80}: correct it.")
        cells = [cell.strip() for cell in row]
        yield dict.fromkeys(COLUMNS, "") | dict(zip(header, cells, strict=False))  # the last cells may be left out


def _check_header(path: Path, header: Sequence[str]) -> None:
    other = next((name for name in header if name not in COLUMNS or header.count(name) > 1), None)
    if other is not None or "set" not in header:
        raise DataError(
            f"{path} needs set, and of {', '.join(COLUMNS[1:])} those that say something, as columns, each once and "
            f"with commas between, got {','.join(header)!r:.80}: correct its first line."
        )
