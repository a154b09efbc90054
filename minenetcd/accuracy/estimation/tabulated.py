"""An error matrix that was counted elsewhere, and the areas of the map's classes, as two tables.

The matrix: a first row with the names of the reference's classes, then a row for each class of the map: its name, and
points by reference. The areas: rows of `class,pixels` or `class,hectares`, with that first row.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from minenetcd.errors import DataError, OptionError
from minenetcd.foreign import read_text, table_rows

_UNITS = ("pixels", "hectares")
#: Of points, pixels and hectares: more are on no map.
LARGEST = 1e15


@dataclass(frozen=True)
class Tabulated:
    """K classes: points by map (row) and reference (column) (K, K), and what the map gives to each [ha]."""

    names: tuple[str, ...]
    matrix: NDArray[np.int64]
    hectares: tuple[float, ...]


def read_counts(counts: str | Path, areas: str | Path, pixel_hectares: float | None = None) -> Tabulated:
    """DataError where the tables do not fit each other; OptionError for a needless or missing area of a pixel."""
    names, matrix = _matrix(Path(counts))
    unit, sizes = _areas(Path(areas))
    if {*sizes} != {*names}:
        raise DataError(
            f"Areas of the classes {', '.join(names):.200} are needed, {areas} has {', '.join(sizes):.200}: give both."
        )
    if unit == "pixels" and (pixel_hectares is None or not 0 < pixel_hectares < math.inf):
        raise OptionError(
            f"The area of a pixel is needed, {areas} counts pixels, got {pixel_hectares}: state it (--pixel-hectares "
            "0.09 at 30 m)."
        )
    if unit == "hectares" and pixel_hectares is not None:
        raise OptionError(f"{areas} holds hectares: leave --pixel-hectares out, or give pixels.")
    factor = 1.0 if pixel_hectares is None else pixel_hectares
    return Tabulated(names, matrix, tuple(factor * sizes[name] for name in names))


def _matrix(path: Path) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    (_, *names), *rows = _rows(path)
    if len(names) < 2 or len({*names}) < len(names):
        raise DataError(f"Two classes or more, of different names, are needed, {path} has {', '.join(names):.200}.")
    if sorted(row[0] for row in rows) != sorted(names):
        raise DataError(
            f"A row of the map for each class of the reference is needed ({', '.join(names):.200}), {path} has "
            f"{', '.join(row[0] for row in rows):.200}: let both name the same classes."
        )
    by_name = {row[0]: row[1:] for row in rows}
    cells = [[_number(cell, path, whole=True) for cell in by_name[name]] for name in names]
    return tuple(names), np.array(cells, np.int64)


def _areas(path: Path) -> tuple[str, dict[str, float]]:
    head, *rows = _rows(path)
    if len(head) != 2 or head[1].lower() not in _UNITS:
        raise DataError(
            f"The columns class and pixels, or class and hectares, are needed, {path} has {', '.join(head):.80}."
        )
    sizes = {name: _number(cell, path, whole=False) for name, cell in rows}
    if len(sizes) < len(rows) or not all(sizes.values()):
        raise DataError(f"An area above 0 for each class, once, is needed: correct {path}.")
    return head[1].lower(), sizes


def _rows(path: Path) -> list[list[str]]:
    text = read_text(path, DataError)
    try:
        rows = [[cell.strip() for cell in row] for row in table_rows(text) if any(row)]
    except ValueError as error:
        raise DataError(f"{path} cannot be read as a table ({error}): save it as CSV.") from error
    if len(rows) < 3 or any(len(row) != len(rows[0]) for row in rows):
        raise DataError(f"A table with a first row of names and a row for each class is needed, {path} is none.")
    return rows


def _number(cell: str, path: Path, *, whole: bool) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not 0 <= value <= LARGEST or (whole and not value.is_integer()):
        raise DataError(
            f"{'Whole numbers' if whole else 'Numbers'} from 0 to {LARGEST:g} are needed, {path} has {cell!r:.40}."
        )
    return value
