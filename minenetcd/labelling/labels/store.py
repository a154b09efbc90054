"""The marks of a desk in SQLite: what is stored survives a kill, and nothing is ever removed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from minenetcd.errors import DataError, OutputError, one_line
from minenetcd.labelling.labels.marks import Kind, Mark, packed, unpacked

#: That another program may have the database. [seconds]
PATIENCE = 10.0

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
        with self._transaction() as database:
            for statement in _TABLES:
                database.execute(statement)

    def add(self, mark: Mark) -> int:
        """Store a mark; its number."""
        with self._transaction() as database:
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
        with self._transaction() as database:
            row = database.execute("SELECT MAX(number) FROM mark WHERE undone = 0").fetchone()
            if row[0] is None:
                return None
            database.execute("UPDATE mark SET undone = 1 WHERE number = ?", row)
            _count(database)
            return int(row[0])

    def marks(self) -> Iterator[tuple[int, Mark]]:
        """Those that are not undone, with their numbers, in order."""
        with self._transaction() as database:
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
        with self._transaction() as database:
            return int(database.execute("SELECT number FROM revision").fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=PATIENCE)) as database:
                database.execute("PRAGMA synchronous = FULL")
                with database:
                    database.execute("BEGIN IMMEDIATE")
                    yield database
        except sqlite3.OperationalError as error:
            raise OutputError(
                f"Marks cannot be kept in {self.path} ({one_line(error)}): free the disk, or the file."
            ) from error
        except sqlite3.DatabaseError as error:
            raise DataError(
                f"{self.path} holds no marks ({one_line(error)}): restore it, or begin another folder."
            ) from error


def _count(database: sqlite3.Connection) -> None:
    database.execute("UPDATE revision SET number = number + 1")
