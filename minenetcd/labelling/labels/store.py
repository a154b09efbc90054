"""The marks of a desk in SQLite: what is stored survives a kill, and nothing is ever removed."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from minenetcd.errors import DataError
from minenetcd.files.database import Database
from minenetcd.labelling.labels.marks import Kind, Mark, packed, unpacked

_TABLES = (
    "CREATE TABLE IF NOT EXISTS mark (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, value INTEGER, "
    "level INTEGER, members BLOB NOT NULL, at TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS revision (number INTEGER NOT NULL)",
    "INSERT INTO revision SELECT 0 WHERE NOT EXISTS (SELECT * FROM revision)",
)


class MarkStore:
    """The rows of one database. DataError for a file that is none, OutputError where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        advice = "restore it, or begin another folder"
        self._database = Database(path, kind="database of marks", advice=advice, error=DataError)
        with replace(self._database, is_made=True).writing() as database:
            for statement in _TABLES:
                database.execute(statement)

    def add(self, mark: Mark) -> int:
        """Store a mark; its number."""
        with self._database.writing() as database:
            row = database.execute(
                "INSERT INTO mark (kind, value, level, members, at) VALUES (?, ?, ?, ?, ?)",
                (mark.kind, mark.value, mark.level, packed(mark.members), datetime.now(UTC).isoformat()),
            )
            _count(database)
            number = row.lastrowid
        assert number is not None
        return number

    def undo(self) -> int | None:
        """The number of the last mark, which is undone; None where there is none."""
        with self._database.writing() as database:
            row = database.execute("SELECT MAX(number) FROM mark WHERE undone = 0").fetchone()
            if row[0] is None:
                return None
            database.execute("UPDATE mark SET undone = 1 WHERE number = ?", row)
            _count(database)
            return int(row[0])

    def marks(self) -> Iterator[tuple[int, Mark]]:
        """Those that are not undone, with their numbers, in order."""
        with self._database.reading() as database:
            rows = database.execute(
                "SELECT number, kind, members, value, level FROM mark WHERE undone = 0 ORDER BY number"
            ).fetchall()
        for number, kind, members, value, level in rows:
            if kind not in get_args(Kind):
                raise DataError(f"{self.path} holds a mark of a kind {kind!r:.40}: use the version that wrote it.")
            try:
                mark = Mark(kind, unpacked(members), value, level)
            except ValueError as error:
                raise DataError(f"{self.path} is damaged ({error}): restore it, or begin another folder.") from error
            yield number, mark

    @property
    def revision(self) -> int:
        """A number that grows with each change."""
        with self._database.reading() as database:
            return int(database.execute("SELECT number FROM revision").fetchone()[0])


def _count(database: sqlite3.Connection) -> None:
    database.execute("UPDATE revision SET number = number + 1")
