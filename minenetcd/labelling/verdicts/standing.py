"""What stands for single polygons, for those who show a review and want to know what changed in it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shapely.geometry.base import BaseGeometry

from minenetcd.geo.polygons.geometry_blobs import from_blob
from minenetcd.geo.polygons.given_verdicts import VERDICTS
from minenetcd.geo.polygons.wkb_checks import POLYGONS
from minenetcd.labelling.verdicts.history import measures_of
from minenetcd.labelling.verdicts.judgeable import STATUS, judgeable, moment
from minenetcd.labelling.verdicts.tables import EDITED, LAYER, geometry_column
from minenetcd.labelling.verdicts.verdict import Status

_CHANGED = f"SELECT DISTINCT polygon FROM {VERDICTS} WHERE revision > ? OR undone_in > ? ORDER BY polygon"
_WAS_EDITED = f"SELECT 1 FROM {VERDICTS} WHERE polygon = {LAYER}.id AND geometry_after IS NOT NULL"
_AT_A_TIME = 500  # of ids in one question


@dataclass(frozen=True)
class Standing:
    """A polygon as it stands: without a verdict `status` is None.

    `area` and `perimeter` of the outline that stands, `edited` whether a person drew it. `outline`: in the CRS of the
    result, given where a person ever drew another one; None where it is the original.
    """

    polygon: int
    status: Status | None
    by: str | None
    at: datetime | None
    comment: str | None
    edited: bool
    area: float
    perimeter: float
    outline: BaseGeometry | None


def standing_since(database: sqlite3.Connection, revision: int) -> list[Standing]:
    """The polygons of which anything was said, or taken back, after that step of the review."""
    ids = [row["polygon"] for row in database.execute(_CHANGED, [revision, revision])]
    starts = range(0, len(ids), _AT_A_TIME)
    return [one for start in starts for one in _standing(database, ids[start : start + _AT_A_TIME])]


def _standing(database: sqlite3.Connection, ids: Sequence[int]) -> list[Standing]:
    (area, perimeter), (column, _) = measures_of(database), geometry_column(database)
    rows = database.execute(
        f"""
        SELECT {LAYER}.*, {STATUS} AS said, {EDITED}.id IS NOT NULL AS edited,
            coalesce({EDITED}.{area}, {LAYER}.{area}) AS area_now,
            coalesce({EDITED}.{perimeter}, {LAYER}.{perimeter}) AS perimeter_now,
            CASE WHEN EXISTS ({_WAS_EDITED}) THEN coalesce({EDITED}.geom, {LAYER}."{column}") END AS outline
        FROM {LAYER} LEFT JOIN {EDITED} ON {EDITED}.id = {LAYER}.id
        WHERE {LAYER}.id IN ({", ".join("?" * len(ids))}) AND {judgeable(database)} ORDER BY {LAYER}.id""",
        list(ids),
    )
    return [_of(row) for row in rows]


def _of(row: sqlite3.Row) -> Standing:
    return Standing(
        polygon=row["id"], status=row["said"], by=_text(row["reviewed_by"]), at=moment(row["reviewed_at"]),
        comment=_text(row["comment"]), edited=bool(row["edited"]),
        area=_number(row["area_now"]), perimeter=_number(row["perimeter_now"]),
        outline=None if row["outline"] is None else from_blob(row["outline"], POLYGONS),
    )  # fmt: skip


def _text(stored: object) -> str | None:
    """Whatever stands in a column of texts."""
    return None if stored is None else str(stored)


def _number(stored: object) -> float:
    """What stands in a column of sizes; 0 for what is none."""
    return float(stored) if isinstance(stored, int | float) else 0.0
