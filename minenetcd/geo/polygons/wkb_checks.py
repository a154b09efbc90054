"""Whether well-known binary holds a simple geometry, before GEOS reads it: of collections in collections it goes deeper
and deeper, until the process falls over.

ISO 13249-3 and OGC 06-103r4, clause 8; the flags of PostGIS for Z, M and SRID, which GEOS reads, too.
"""

import struct

POINT, LINE, POLYGON = 1, 2, 3
POLYGONS = (POLYGON, POLYGON + 3)
#: Those, and several of one of them (MultiPoint 4, MultiLineString 5, MultiPolygon 6); no collections of anything.
SIMPLE = (POINT, LINE, POLYGON, 4, 5, 6)

_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
_COORDINATE = 8  # [bytes]


def check_wkb(wkb: bytes, kinds: tuple[int, ...] = SIMPLE) -> None:
    """ValueError unless `wkb` is a geometry of one of `kinds`, whole, and of nothing deeper."""
    try:
        end = _end(wkb, 0, kinds)
    except struct.error as error:
        raise ValueError("a geometry of it is cut off") from error
    if end > len(wkb):
        raise ValueError("a geometry of it is cut off")


def _end(wkb: bytes, start: int, kinds: tuple[int, ...]) -> int:
    """Where the geometry that begins at `start` ends."""
    order = "<" if wkb[start : start + 1] == b"\x01" else ">"
    (stated,) = struct.unpack_from(f"{order}I", wkb, start + 1)
    place = start + 5 + (4 if stated & _SRID else 0)
    iso = (stated & ~(_Z | _M | _SRID)) // 1000
    kind = (stated & ~(_Z | _M | _SRID)) % 1000
    if kind not in kinds or iso > 3:
        raise ValueError(f"a geometry of it is of a kind (WKB {stated}) that no outline or place is")
    axes = 2 + bool(stated & _Z or iso in (1, 3)) + bool(stated & _M or iso in (2, 3))
    if kind == POINT:
        return place + axes * _COORDINATE
    (count,) = struct.unpack_from(f"{order}I", wkb, place)
    place += 4
    if kind == LINE:
        return place + int(count) * axes * _COORDINATE
    for _ in range(count):
        if kind == POLYGON:
            (points,) = struct.unpack_from(f"{order}I", wkb, place)
            place += 4 + points * axes * _COORDINATE
        else:
            place = _end(wkb, place, (kind - 3,))
    return place
