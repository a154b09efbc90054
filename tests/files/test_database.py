"""SQLite files: changed in whole transactions, read at one moment, refused in one line."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from minenetcd.errors import DataError, InputError, OutputPathError
from minenetcd.files import database
from minenetcd.files.database import Database


@pytest.fixture
def store(tmp_path: Path) -> Database:
    store = Database(tmp_path / "numbers.db", "table of numbers", "write it again", DataError, is_made=True)
    with store.writing() as writing:
        writing.execute("CREATE TABLE number (value INTEGER)")
    return store


def add(store: Database, value: int) -> None:
    with store.writing() as writing:
        writing.execute("INSERT INTO number VALUES (?)", [value])


def values(store: Database) -> list[int]:
    with store.reading() as reading:
        return [row["value"] for row in reading.execute("SELECT value FROM number")]


def test_all_of_a_transaction_or_nothing_of_it(store: Database) -> None:
    add(store, 1)
    with pytest.raises(RuntimeError), store.writing() as writing:
        writing.execute("INSERT INTO number VALUES (2)")
        raise RuntimeError
    assert values(store) == [1]


def test_a_reader_sees_the_moment_of_entering(store: Database) -> None:
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        with store.reading() as reading:
            other.execute("INSERT INTO number VALUES (1)")
            other.commit()
            assert reading.execute("SELECT count(*) FROM number").fetchone()[0] == 0
    assert values(store) == [1]


def test_while_one_reads_no_other_changes_the_file(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with store.reading(), pytest.raises(OutputPathError, match="another program"):
        add(store, 1)
    add(store, 2)
    assert values(store) == [2]


def test_what_cannot_be_read_is_one_line_with_the_words_of_who_asks(store: Database) -> None:
    add(store, 1)
    with (
        pytest.raises(DataError, match=r"no such table: name.*no table of numbers of this version; write it again"),
        store.reading() as reading,
    ):
        reading.execute("SELECT * FROM name")
    store.path.write_bytes(b"no database" * 1000)
    with pytest.raises(DataError, match="damaged or no table of numbers; write it again"):
        values(store)
    with pytest.raises(DataError, match="damaged or no table of numbers; write it again"):
        add(store, 1)


def test_a_file_that_is_not_there_is_not_made_unasked(tmp_path: Path) -> None:
    absent = Database(tmp_path / "absent.db", "table of numbers", "write it again")
    for opened in (absent.reading, absent.writing):
        with pytest.raises(InputError, match=r"not there.*: a table of numbers is needed; write it again"), opened():
            pass
    assert not absent.path.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.db")
    for is_made in (False, True):
        pipe = Database(tmp_path / "pipe.db", "table of numbers", "write it again", is_made=is_made)
        with pytest.raises(InputError, match="is a pipe, and a file is needed"), pipe.reading():
            pass
