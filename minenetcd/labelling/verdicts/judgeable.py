"""Which rows of the layer `change` can be judged, whatever somebody did to it in a GIS, and what is wrong with others.

A feature that was split there stands twice under one `id`; a new one has none, nor an area. Such rows are left out of
the queue, the counts and the polygons, and are told with what to do. What somebody wrote into the columns of a verdict
counts as far as it is one.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

from minenetcd.display.words import some_of
from minenetcd.labelling.verdicts.history import measures_of
from minenetcd.labelling.verdicts.tables import LAYER, columns_of, geometry_column
from minenetcd.labelling.verdicts.verdict import STATUSES

#: As SQL lists them.
_STATUSES = ", ".join(f"'{status}'" for status in STATUSES)
#: In SQL, of a row of `change`: its status where that is one, else NULL.
STATUS = f"CASE WHEN {LAYER}.status IN ({_STATUSES}) THEN {LAYER}.status END"

_TWICE = f"SELECT id FROM {LAYER} WHERE typeof(id) = 'integer' GROUP BY id HAVING count(*) > 1"
#: Bytes that no polygon has less of: a header of 8, one ring of four points. An empty one has.
_LEAST_BYTES = 80
#: So many rows are named.
_MOST_NAMED = 5


def judgeable(database: sqlite3.Connection) -> str:
    """In SQL, whether a row of `change` can be judged: a number of its own, an area, a perimeter and an outline."""
    return f"({_is_whole(database)} AND {LAYER}.id NOT IN ({_TWICE}))"


def problems_of(database: sqlite3.Connection) -> list[str]:
    """What keeps rows from being judged, or from being what somebody meant, one line each, with what to do."""
    return [*_not_whole(database), *_twice(database), *_other_statuses(database)]


def moment(stored: object) -> datetime | None:
    """What stands in a column of times, in UTC where nothing else is said; None for what is no time (ISO 8601)."""
    try:
        found = datetime.fromisoformat(str(stored))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _is_whole(database: sqlite3.Connection) -> str:
    numbers = [f"typeof({LAYER}.{name}) IN ('real', 'integer')" for name in measures_of(database)]
    outline = f'{LAYER}."{geometry_column(database)[0]}"'
    blob = f"typeof({outline}) = 'blob' AND length({outline}) >= {_LEAST_BYTES}"
    return " AND ".join([f"typeof({LAYER}.id) = 'integer'", *numbers, blob])


def _not_whole(database: sqlite3.Connection) -> Iterator[str]:
    area, perimeter = measures_of(database)
    rows = [row[0] for row in database.execute(f"SELECT rowid FROM {LAYER} WHERE NOT ({_is_whole(database)})")]
    if rows:
        yield (
            f"Features with id, {area}, {perimeter} and an outline are needed to be judged, {_features(rows)} of layer "
            f"{LAYER} lack some: fill them in, with an id that no other has, or remove the features."
        )


def _twice(database: sqlite3.Connection) -> Iterator[str]:
    rows = database.execute(f"SELECT rowid, id FROM {LAYER} WHERE id IN ({_TWICE}) ORDER BY id, rowid").fetchall()
    if rows:
        yield (
            f"Features with an id of their own are needed to be judged, {_features([row[0] for row in rows])} of layer "
            f"{LAYER} share theirs, as after a split: give all but one a new id, and their areas."
        )


def _other_statuses(database: sqlite3.Connection) -> Iterator[str]:
    if "status" not in columns_of(database, LAYER):
        return
    asked = f"SELECT rowid, status FROM {LAYER} WHERE status IS NOT NULL AND status NOT IN ({_STATUSES})"
    rows = database.execute(asked).fetchall()
    if rows:
        yield (
            f"A status is {', '.join(STATUSES)} or empty, {_features([row[0] for row in rows])} of layer {LAYER} have "
            f"another ({str(rows[0][1])!r:.40}) and count as not judged: correct it, or judge them."
        )


def _features(rows: list[int]) -> str:
    return f"the features {some_of([str(row) for row in rows], _MOST_NAMED)} (fid)"
