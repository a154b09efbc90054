"""Geometries as a GeoPackage keeps them: a header with the coordinate system and the extent, then WKB.

GeoPackage 1.3, clause 2.1.3. Its spatial index is kept by triggers that call functions of the program that writes,
which SQLite alone does not have; `add_spatial_functions` gives them to a connection.
"""

import math
import sqlite3
import struct
from collections.abc import Callable

import shapely
from shapely.geometry.base import BaseGeometry

from minenetcd.geo.polygons.wkb_checks import SIMPLE, check_wkb

_MAGIC = b"GP"
_LITTLE_ENDIAN, _ENVELOPE_XY, _EMPTY = 0b0000_0001, 0b0000_0010, 0b0001_0000
_HEADER = "BBi"
#: Bytes of an envelope by the three bits that say which it is.
_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


def to_blob(geometry: BaseGeometry, srs_id: int) -> bytes:
    """A geometry of two dimensions, in the coordinate system that the GeoPackage knows by `srs_id`."""
    flags = _LITTLE_ENDIAN | (_EMPTY if geometry.is_empty else _ENVELOPE_XY)
    head = _MAGIC + struct.pack(f"<{_HEADER}", 0, flags, srs_id)
    if not geometry.is_empty:
        min_x, min_y, max_x, max_y = geometry.bounds
        head += struct.pack("<4d", min_x, max_x, min_y, max_y)
    wkb: bytes = shapely.to_wkb(geometry, output_dimension=2, byte_order=1)
    return head + wkb


def from_blob(blob: bytes, kinds: tuple[int, ...] = SIMPLE) -> BaseGeometry:
    """ValueError for bytes that are no geometry of a GeoPackage, of one of `kinds` (`wkb_checks`)."""
    if not isinstance(blob, bytes) or blob[:2] != _MAGIC or len(blob) < 8:
        raise ValueError("a geometry of it is none of a GeoPackage")
    start = 8 + _ENVELOPES.get(blob[3] >> 1 & 0b111, len(blob))
    wkb = blob[start:]
    check_wkb(wkb, kinds)
    try:
        return shapely.from_wkb(wkb)
    except shapely.errors.ShapelyError as error:
        raise ValueError("a geometry of it is damaged") from error


def add_spatial_functions(database: sqlite3.Connection) -> None:
    """The functions that the triggers of a spatial index call."""
    for name, place in (("ST_MinX", 0), ("ST_MinY", 1), ("ST_MaxX", 2), ("ST_MaxY", 3)):
        database.create_function(name, 1, _bound(place), deterministic=True)
    database.create_function("ST_IsEmpty", 1, _is_empty, deterministic=True)


def _bound(place: int) -> Callable[[bytes | None], float | None]:
    def bound(blob: bytes | None) -> float | None:
        value = math.nan if blob is None else float(from_blob(blob).bounds[place])
        return None if math.isnan(value) else value

    return bound


def _is_empty(blob: bytes | None) -> int | None:
    return None if blob is None else int(from_blob(blob).is_empty)
