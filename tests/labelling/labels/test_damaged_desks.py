"""Folders that hold no desk, and desks that are damaged."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from minenetcd.errors import DataError, InputError
from minenetcd.labelling.labels.desk import MARKS, open_desk
from minenetcd.labelling.labels.marks import packed

pytestmark = pytest.mark.needs("numba")


@pytest.mark.parametrize("name", ["desk.json", "segments.npz", MARKS])
def test_a_damaged_desk_is_told_in_a_line(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"no such thing" * 100)
    with pytest.raises(DataError, match=name), open_desk(folder):
        pass


def test_no_desk_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds none"), open_desk(tmp_path):
        pass
    with pytest.raises(InputError, match="there is no folder"), open_desk(tmp_path / "nothing"):
        pass


@pytest.mark.parametrize("members", [b"", b"no zlib", zlib.compress(b"abc"), zlib.compress(b"\xff" * 8), "words", 7])
def test_damaged_marks_are_told_in_a_line(folder: Path, members: object) -> None:
    with open_desk(folder) as desk:
        desk.mark([(5, 5)], 0, 1)
    with closing(sqlite3.connect(folder / MARKS)) as database:
        database.execute("UPDATE mark SET members = ?", [members])
        database.commit()
    advice = r"marks.sqlite is .*damaged [^\n]*: restore it, or begin another folder\.$"
    with pytest.raises(DataError, match=advice), open_desk(folder):
        pass


def test_marks_of_other_segments_are_told_in_a_line(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(5, 5)], 0, 1)
    with closing(sqlite3.connect(folder / MARKS)) as database:
        database.execute("UPDATE mark SET members = ?", [packed(np.array([10**6], np.int32))])
        database.commit()
    with pytest.raises(DataError, match="is of other segments"), open_desk(folder):
        pass
