"""A file that is an SQLite database: opened for a moment, changed in whole transactions, its errors in one line."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from minenetcd.errors import InputError, OutputError, OutputPathError, one_line
from minenetcd.files.failing import unwritable
from minenetcd.foreign import NOT_THERE, folders_of, refused

#: How long a moment of another program, which has the file open, is waited for.
BUSY_SECONDS = 5.0
#: Of SQLite's virtual machine, of which a second does some 100 million: views and triggers of others may never end.
MOST_STEPS, MOST_STEPS_WRITING = 10**9, 5 * 10**9
_STEPS_AT_A_TIME = 100_000


@dataclass(frozen=True)
class Database:
    """The database in the file `path`, and the words for one that cannot be used.

    `kind`: what it should be, "result". `advice`: how to go on where it is not, "predict again". `error`: the class of
    that error. `begins`: called with each connection, before its transaction. `is_made`: an absent file is made.
    `tables`: names under which a view, or a table of a module, is no part of such a file: it may lead anywhere, or
    never end.
    """

    path: Path
    kind: str
    advice: str
    error: type[InputError] = InputError
    begins: Callable[[sqlite3.Connection], object] | None = None
    is_made: bool = False
    tables: tuple[str, ...] = ()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database as it is at one moment, that of entering: what others write within the block is not seen.

        `error` where it cannot be read, OutputPathError where another program is writing to it for longer than
        BUSY_SECONDS.
        """
        with self._one_line(is_written=False), self._opened(MOST_STEPS) as database:
            database.execute("BEGIN")
            self._check_tables(database)  # the moment is that of the first look
            yield database

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Changes that are all made when the block ends well, and none of them otherwise, or where it is killed.

        Errors as those of `reading`; OutputError where it cannot be written.
        """
        with self._one_line(is_written=True), self._opened(MOST_STEPS_WRITING) as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                self._check_tables(database)
                yield database
            except BaseException:
                database.rollback()
                raise
            database.commit()

    @contextmanager
    def _opened(self, most_steps: int) -> Iterator[sqlite3.Connection]:
        """What a kill left half done in the file is taken back by SQLite when it is read."""
        reason = refused(self.path, within=folders_of(self.path.parent))  # else a link leads to any file of this user
        if reason is not None and not (self.is_made and reason == NOT_THERE and not self.path.is_symlink()):
            raise self.error(f"{self.path} cannot be read ({reason}): a {self.kind} is needed; {self.advice}.")
        address = f"{self.path.absolute().as_uri()}?mode={'rwc' if self.is_made else 'rw'}"
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as database:
            database.isolation_level = None  # transactions begin and end where this file says so
            database.row_factory = sqlite3.Row
            database.execute("PRAGMA synchronous = FULL")  # a change that was made survives a power cut
            rounds = iter(range(most_steps // _STEPS_AT_A_TIME))
            database.set_progress_handler(lambda: next(rounds, None) is None, _STEPS_AT_A_TIME)
            if self.begins is not None:
                self.begins(database)
            yield database

    def _check_tables(self, database: sqlite3.Connection) -> None:
        """ValueError where one of `tables` is none."""
        asked = "SELECT name, type FROM sqlite_master WHERE type = 'view' OR sql LIKE 'CREATE VIRTUAL%'"
        for name, kind in database.execute(asked).fetchall():
            if str(name).lower() in self.tables:
                raise ValueError(f"{name} needs to be a table, it is a {'view' if kind == 'view' else 'virtual table'}")

    @contextmanager
    def _one_line(self, *, is_written: bool) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise self._refusal(error, is_written) from error
        except (sqlite3.DatabaseError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            words = one_line(error)
            raise self.error(
                f"{self.path} cannot be read ({words}): it is damaged or no {self.kind}; {self.advice}."
            ) from error

    def _refusal(self, error: sqlite3.OperationalError, is_written: bool) -> InputError | OutputError:
        words = one_line(error)
        if "locked" in words:
            return OutputPathError(
                f"{self.path} is being written by another program (QGIS, say): save or end the editing there, and do "
                "this again."
            )
        if "interrupted" in words:  # by the bound on steps
            words = "it takes too long, as a view or a trigger that never ends does"
            return self.error(f"{self.path} cannot be read ({words}): {self.advice}.")
        if "no such" in words or not is_written:
            return self.error(
                f"{self.path} cannot be read ({words}): it is no {self.kind} of this version; {self.advice}."
            )
        return unwritable(self.path, PermissionError(13, words) if "readonly" in words else error)
