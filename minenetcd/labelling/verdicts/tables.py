"""What a review adds to the GeoPackage of a result.

- Layer `change`: columns `status`, `reviewed_by`, `reviewed_at`, `comment`: the verdict that stands. Its outlines stay.
- Table `verdicts`: every verdict that was ever given, in order. A row is never removed and never changed, but for being
  marked as undone; `revision` and `undone_in` count the steps of the review. `geometry_before` and `geometry_after` are
  the outline before and after, where a verdict brought another one; without, it was not changed.
- Layer `edited`: the outlines that stand in place of those of `change`, with their area and perimeter.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from minenetcd.files.database import Database
from minenetcd.geo.polygons.geometry_blobs import add_spatial_functions
from minenetcd.geo.polygons.given_verdicts import VERDICTS
from minenetcd.geo.polygons.vector_files import CHANGES, OF_GEOPACKAGES

LAYER, EDITED = CHANGES, "edited"
#: Columns of a verdict in both layers.
REVIEWED = {"status": "TEXT", "reviewed_by": "TEXT", "reviewed_at": "DATETIME", "comment": "TEXT"}

_VERDICTS = f"""
CREATE TABLE {VERDICTS} (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, revision INTEGER NOT NULL, polygon INTEGER NOT NULL,
    status TEXT NOT NULL, reviewed_by TEXT NOT NULL, reviewed_at DATETIME NOT NULL, comment TEXT,
    image_before TEXT, image_after TEXT, sha256_before TEXT, sha256_after TEXT, date_before DATE, date_after DATE,
    geometry_before BLOB, geometry_after BLOB, area_after REAL, perimeter_after REAL, replaces INTEGER,
    undone_in INTEGER, undone_by TEXT, undone_at DATETIME
)"""
_KEPT_FOR_GOOD = (
    f"""CREATE TRIGGER {VERDICTS}_stay BEFORE DELETE ON {VERDICTS}
    BEGIN SELECT RAISE(ABORT, 'verdicts are never removed: undo them'); END""",
    f"""CREATE TRIGGER {VERDICTS}_are_not_changed
    BEFORE UPDATE OF id, revision, polygon, status, reviewed_by, reviewed_at, comment, image_before, image_after,
    sha256_before, sha256_after, date_before, date_after, geometry_before, geometry_after, area_after, perimeter_after,
    replaces ON {VERDICTS}
    BEGIN SELECT RAISE(ABORT, 'verdicts are never changed: give another one'); END""",
)
_INDICES = (
    f"CREATE INDEX {VERDICTS}_of_a_polygon ON {VERDICTS} (polygon, id)",
    f"CREATE INDEX {VERDICTS}_by_revision ON {VERDICTS} (revision)",
    f"CREATE INDEX {VERDICTS}_by_undoing ON {VERDICTS} (undone_in)",
    f"CREATE INDEX {LAYER}_by_id ON {LAYER} (id)",
)
_REGISTERED = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
VALUES (?, ?, ?, ?, (SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = ?))"""
_GEOMETRY = f"""
INSERT INTO gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m)
SELECT '{EDITED}', 'geom', 'MULTIPOLYGON', srs_id, 0, 0 FROM gpkg_geometry_columns WHERE table_name = '{LAYER}'"""
_EXTENT = f"""
UPDATE gpkg_contents SET (min_x, min_y, max_x, max_y) = (
    SELECT min(ST_MinX(geom)), min(ST_MinY(geom)), max(ST_MaxX(geom)), max(ST_MaxY(geom)) FROM {EDITED}
) WHERE table_name = '{EDITED}'"""
_TOUCHED = "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?"


def geopackage(path: Path) -> Database:
    """The GeoPackage of a result, as a database."""
    tables = (LAYER, EDITED, VERDICTS, *OF_GEOPACKAGES)
    return Database(path, kind="result", advice="predict again", begins=add_spatial_functions, tables=tables)


def is_prepared(database: sqlite3.Connection) -> bool:
    """Whether a verdict was ever given."""
    asked = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return database.execute(asked, [VERDICTS]).fetchone() is not None


def prepare(database: sqlite3.Connection) -> None:
    """Add what a review needs, within the transaction of its first verdict; nothing where it is there."""
    if is_prepared(database):
        return
    measures = [name for name in columns_of(database, LAYER) if name.startswith(("area_", "perimeter_"))]
    for name, kind in REVIEWED.items():
        if name not in columns_of(database, LAYER):
            database.execute(f"ALTER TABLE {LAYER} ADD COLUMN {name} {kind}")
    own = ", ".join([*(f"{name} REAL" for name in measures), *(f"{name} {kind}" for name, kind in REVIEWED.items())])
    database.execute(
        f"CREATE TABLE {EDITED} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom MULTIPOLYGON, "
        f"id INTEGER NOT NULL UNIQUE, {own})"
    )
    for statement in (_VERDICTS, *_KEPT_FOR_GOOD, *_INDICES):
        database.execute(statement)
    database.execute(_REGISTERED, [EDITED, "features", EDITED, "Outlines that a person drew anew", LAYER])
    database.execute(_REGISTERED, [VERDICTS, "attributes", VERDICTS, "All verdicts, in order", ""])
    database.execute(_GEOMETRY)


def columns_of(database: sqlite3.Connection, table: str) -> list[str]:
    """By name, in order; none of a table that is not there."""
    return [str(row["name"]) for row in database.execute(f"PRAGMA table_info({table})")]


def geometry_column(database: sqlite3.Connection) -> tuple[str, int]:
    """Of the layer `change`: its name, and the GeoPackage's number of its coordinate system."""
    asked = "SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE table_name = ?"
    row = database.execute(asked, [LAYER]).fetchone()
    if row is None:
        raise ValueError(f"it has no layer {LAYER}")
    return str(row["column_name"]), int(row["srs_id"])


def touch(database: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Say that they were changed now, and how far the edited outlines reach."""
    for table in tables:
        database.execute(_TOUCHED, [table])
        if table == EDITED:
            database.execute(_EXTENT)
