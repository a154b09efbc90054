"""The verdicts of a GeoPackage: appended, marked as undone, and what stands for each polygon by them."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from minenetcd.geo.polygons.given_verdicts import VERDICTS
from minenetcd.labelling.verdicts.tables import EDITED, LAYER, columns_of, geometry_column, touch
from minenetcd.labelling.verdicts.verdict import Status, Verdict, now

#: The last one that was not undone is the one that stands; the last outline that was not undone stands, too.
_STANDING = f"SELECT max(id) FROM {VERDICTS} WHERE polygon = :polygon AND undone_in IS NULL"
_OUTLINE = f"SELECT * FROM {VERDICTS} WHERE id = ({_STANDING} AND geometry_after IS NOT NULL)"
_LET_STAND = f"""
UPDATE %s SET (status, reviewed_by, reviewed_at, comment) = (
    SELECT status, reviewed_by, reviewed_at, comment FROM {VERDICTS} WHERE id = ({_STANDING})
) WHERE id = :polygon"""
_REVISION = f"""
SELECT max(coalesce((SELECT max(revision) FROM {VERDICTS}), 0), coalesce((SELECT max(undone_in) FROM {VERDICTS}), 0))"""


@dataclass(frozen=True)
class Outline:
    """An outline that a verdict brings: as the GeoPackage keeps it, and how large it is, in the units of its layer."""

    blob: bytes
    area: float
    perimeter: float


def revision_of(database: sqlite3.Connection) -> int:
    """How many steps were taken: verdicts, those of many at once, and undoings."""
    return int(database.execute(_REVISION).fetchone()[0])


def append(
    database: sqlite3.Connection,
    polygons: Sequence[int],
    status: Status,
    by: str,
    *,
    comment: str | None,
    images: Mapping[str, str | None],
    outline: Outline | None = None,
) -> list[Verdict]:
    """One step: the same verdict on each of `polygons`. A `comment` that is None stays what it is, "" takes it away.

    `images`: columns that name what was looked at.
    """
    revision = revision_of(database) + 1
    common = {"revision": revision, "status": status, "reviewed_by": by, "reviewed_at": as_text(now()), **images}
    for polygon in polygons:
        _insert(database, {**common, "polygon": polygon, **_before(database, polygon, comment, outline)})
        if outline is not None:
            _draw(database, polygon)
        _let_stand(database, polygon)
    touch(database, (LAYER, EDITED, VERDICTS))
    return _read(database, revision)


def undo(database: sqlite3.Connection, by: str) -> list[Verdict]:
    """Mark the last step of a person that was not undone as undone; the verdicts of it, none where there is no step.

    What others said since then of the same polygons stands.
    """
    asked = f"SELECT max(revision) FROM {VERDICTS} WHERE reviewed_by = ? AND undone_in IS NULL"
    step = database.execute(asked, [by]).fetchone()[0]
    if step is None:
        return []
    verdicts = _read(database, step)
    database.execute(
        f"UPDATE {VERDICTS} SET undone_in = ?, undone_by = ?, undone_at = ? WHERE revision = ?",
        [revision_of(database) + 1, by, as_text(now()), step],
    )
    for verdict in verdicts:
        if verdict.edited:
            _draw(database, verdict.polygon)
        _let_stand(database, verdict.polygon)
    touch(database, (LAYER, EDITED, VERDICTS))
    return verdicts


def as_text(moment: datetime) -> str:
    """As a GeoPackage keeps it: UTC, to the millisecond."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _before(database: sqlite3.Connection, polygon: int, comment: str | None, outline: Outline | None) -> dict[str, Any]:
    """What a verdict keeps of the one that it replaces."""
    asked = f"SELECT id, comment FROM {VERDICTS} WHERE id = ({_STANDING})"
    standing = database.execute(asked, {"polygon": polygon}).fetchone()
    kept = comment is None and standing is not None
    row = {
        "comment": standing["comment"] if kept else comment or None,
        "replaces": None if standing is None else standing["id"],
    }
    if outline is None:
        return row
    new = {"geometry_after": outline.blob, "area_after": outline.area, "perimeter_after": outline.perimeter}
    return {**row, **new, "geometry_before": _outline_before(database, polygon)}


def _outline_before(database: sqlite3.Connection, polygon: int) -> bytes:
    """The outline that stands: one that a verdict brought, else that of the layer."""
    edited = database.execute(_OUTLINE, {"polygon": polygon}).fetchone()
    if edited is not None:
        return bytes(edited["geometry_after"])
    column, _ = geometry_column(database)
    return bytes(database.execute(f'SELECT "{column}" FROM {LAYER} WHERE id = ?', [polygon]).fetchone()[0])


def _insert(database: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    values = ", ".join(f":{name}" for name in row)
    database.execute(f"INSERT INTO {VERDICTS} ({', '.join(row)}) VALUES ({values})", row)


def _draw(database: sqlite3.Connection, polygon: int) -> None:
    """The layer of edited outlines as the verdicts on the polygon have it."""
    database.execute(f"DELETE FROM {EDITED} WHERE id = ?", [polygon])
    edited = database.execute(_OUTLINE, {"polygon": polygon}).fetchone()
    if edited is None:
        return
    area, perimeter = measures_of(database)
    database.execute(
        f"INSERT INTO {EDITED} (id, geom, {area}, {perimeter}) VALUES (?, ?, ?, ?)",
        [polygon, edited["geometry_after"], edited["area_after"], edited["perimeter_after"]],
    )


def measures_of(database: sqlite3.Connection) -> tuple[str, str]:
    """The columns of area and perimeter, which say their unit. ValueError where there are none."""
    for unit in (("area_ha", "perimeter_m"), ("area_px", "perimeter_px")):
        if {"id", *unit} <= {*columns_of(database, LAYER)}:
            return unit
    raise ValueError("its polygons have no id, area and perimeter")


def _let_stand(database: sqlite3.Connection, polygon: int) -> None:
    for layer in (LAYER, EDITED):
        database.execute(_LET_STAND % layer, {"polygon": polygon})


def _read(database: sqlite3.Connection, revision: int) -> list[Verdict]:
    """Those of one step, in order."""
    rows: Iterable[sqlite3.Row] = database.execute(
        f"SELECT *, geometry_after IS NOT NULL AS edited FROM {VERDICTS} WHERE revision = ? ORDER BY id", [revision]
    )
    return [
        Verdict(
            id=row["id"], polygon=row["polygon"], status=row["status"], by=row["reviewed_by"],
            at=datetime.fromisoformat(row["reviewed_at"]), comment=row["comment"], edited=bool(row["edited"]),
            replaces=row["replaces"], revision=row["revision"],
        )
        for row in rows
    ]  # fmt: skip
