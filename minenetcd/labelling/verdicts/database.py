"""The GeoPackage of a result as a database: opened for a moment, changed in whole transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from minenetcd.errors import InputError, OutputError, OutputPathError
from minenetcd.files import unwritable
from minenetcd.foreign import refused
from minenetcd.labelling.verdicts.geometry_blobs import teach

#: How long a moment of another program, which has it open, is waited for.
BUSY_SECONDS = 5.0


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The database as it is at one moment: what others write within the block is not seen."""
    with _one_line_for(path, is_written=False), closing(_opened(path)) as database:
        database.execute("BEGIN")
        yield database


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Changes that are all made when the block ends well, and none of them otherwise, or where it is killed."""
    with _one_line_for(path, is_written=True), closing(_opened(path)) as database:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
        except BaseException:
            database.rollback()
            raise
        database.commit()


def _opened(path: Path) -> sqlite3.Connection:
    """No new file is made; what a kill left half done in it is taken back by SQLite when it is read."""
    reason = refused(path)
    if reason is not None:
        raise InputError(f"A GeoPackage with polygons is needed, {path} cannot be read ({reason}): predict again.")
    database = sqlite3.connect(path.absolute().as_uri() + "?mode=rw", uri=True, timeout=BUSY_SECONDS)
    database.isolation_level = None  # transactions begin and end where this file says so
    database.row_factory = sqlite3.Row
    teach(database)
    return database


@contextmanager
def _one_line_for(path: Path, *, is_written: bool) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _refusal(path, error, is_written) from error
    except (sqlite3.DatabaseError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{path} cannot be read ({' '.join(str(error).split())}): it is damaged or no result; predict again."
        ) from error


def _refusal(path: Path, error: sqlite3.OperationalError, is_written: bool) -> InputError | OutputError:
    words = str(error)
    if "locked" in words:
        return OutputPathError(
            f"{path} is being written by another program (QGIS, say): save or end the editing there, and do this again."
        )
    if "no such" in words or not is_written:
        return InputError(f"{path} cannot be read ({words}): it is no result of this version; predict again.")
    return unwritable(path, PermissionError(13, words) if "readonly" in words else error)
