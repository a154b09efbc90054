"""A GeoPackage is an SQLite database, and SQLite keeps part of one in files beside it while it is open, or crashed.

A new database that takes the name of an old one must not meet them: SQLite would play the old one's pages over it.
"""

from pathlib import Path

from minenetcd.errors import OutputPathError

ENDINGS = (".gpkg", ".sqlite", ".db")
SIDES = ("-wal", "-shm", "-journal")


def side_files(path: Path) -> list[Path]:
    """The files that SQLite left beside the database `path`, or beside where it was."""
    if path.suffix.lower() not in ENDINGS:
        return []
    return [side for side in (path.with_name(path.name + ending) for ending in SIDES) if side.exists()]


def release(path: Path) -> None:
    """OutputPathError where another program has the database `path` open, as far as the files beside it tell.

    Where nobody has, SQLite puts what is in them into the database and removes them, as the last program to close it
    would have done: the same rows, all in one file. Of a damaged one they stay, to be moved away with it.
    """
    if not side_files(path) or not path.exists():
        return
    import sqlite3  # here, because it is seldom needed

    try:
        database = sqlite3.connect(path, timeout=0.2)
        try:
            mode = database.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
            database.execute("BEGIN EXCLUSIVE")
            database.rollback()
        finally:
            database.close()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            return
        mode = "wal"
    except sqlite3.DatabaseError:  # it is none, or damaged
        return
    if mode == "wal":
        raise OutputPathError(
            f"{path} is open in another program (QGIS, say), and a new result would replace it: close it there, or "
            "choose another folder."
        )
