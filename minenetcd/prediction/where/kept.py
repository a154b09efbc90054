"""Known places as a result keeps them: as text, so that it can be made again without their files."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError

from minenetcd.geo.grid import FARTHEST
from minenetcd.prediction.where.concessions import Concessions
from minenetcd.prediction.where.known_mines import KnownMines
from minenetcd.prediction.where.places import KnownPlaces


def as_plain(known: KnownPlaces) -> dict[str, Any] | None:
    """Plain values that JSON holds, geometries as WKB in hexadecimal; None where nothing is known."""
    kept: dict[str, Any] = {}
    if known.concessions is not None:
        kept["concessions"] = {"names": list(known.concessions.names), "wkb": _wkb(known.concessions.geometries)}
    if known.known_mines is not None:
        mines = known.known_mines
        kept["known_mines"] = {
            "longitude": mines.longitude, "latitude": mines.latitude, "wkb": _wkb(mines.geometries),
        }  # fmt: skip
    return kept or None


def from_plain(kept: Mapping[str, Any]) -> KnownPlaces:
    """What `as_plain` made. ValueError, TypeError or KeyError where it did not."""
    concessions = mines = None
    if "concessions" in kept:
        names, geometries = kept["concessions"]["names"], _geometries(kept["concessions"]["wkb"])
        if len(names) != len(geometries) or not all(isinstance(name, str) for name in names):
            raise ValueError("its concessions have other names")
        concessions = Concessions(tuple(names), geometries)
    if "known_mines" in kept:
        place = [float(kept["known_mines"][name]) for name in ("longitude", "latitude")]
        if not (math.isfinite(place[0]) and abs(place[0]) <= 720 and abs(place[1]) <= 90):
            raise ValueError("its known mines lie nowhere")
        mines = KnownMines(place[0], place[1], _geometries(kept["known_mines"]["wkb"]))
    return KnownPlaces(concessions, mines)


def _wkb(geometries: NDArray[np.object_]) -> list[str]:
    return [str(text) for text in shapely.to_wkb(geometries, hex=True)]


def _geometries(wkb: list[str]) -> NDArray[np.object_]:
    try:
        found: NDArray[np.object_] = np.asarray(shapely.from_wkb(np.array(wkb, dtype=object)), dtype=object)
    except ShapelyError as error:
        raise ValueError("a geometry in it is none") from error
    if (
        not len(found)
        or not np.isin(
            shapely.get_type_id(found), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
        ).all()
    ):
        raise ValueError("a geometry in it is no polygon")
    points = shapely.get_coordinates(found)
    if not (np.isfinite(points).all() and (np.abs(points) < FARTHEST).all() and shapely.is_valid(found).all()):
        raise ValueError("a geometry in it is no place")
    return found
