"""Sets of files come out together or not at all: where a rename is refused, after a kill, beside an open GeoPackage."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from minenetcd.errors import OutputPathError
from minenetcd.files import HiddenFolder, check_writable, one_run_in, reclaim, settle, staged_files, write_text
from minenetcd.files import switch as switching

LOCKS = (".owner", ".minenetcd.lock")
NAMES = ("a.tif", "b.gpkg", "maps/c.html")

#: Writes the set "new" and is killed at the rename of that number.
KILLED = """
import os, sys
from minenetcd.files import staged_files, switch, write_text
real, renames = os.replace, 0
def replace(source, target):
    global renames
    renames += switch.NOTE not in str(target) and ".minenetcd" in str(source) + str(target)
    if renames == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    real(source, target)
with staged_files(sys.argv[1], ("a.tif", "b.gpkg", "maps/c.html"), optional=("old.txt",)) as hidden:
    for name in ("a.tif", "b.gpkg", "maps/c.html"):
        (hidden / name).write_text("new")
    switch.os.replace = replace
"""


def write_set(folder: Path, words: str, *, old: bool = False) -> None:
    with staged_files(folder, NAMES, optional=("old.txt",)) as hidden:
        for name in (*NAMES, *(["old.txt"] if old else [])):
            (hidden / name).write_text(words)


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def seen(folder: Path) -> set[str]:
    """What the files say that a person sees there."""
    return {text for name, text in content(folder).items() if not name.startswith(".minenetcd")}


@pytest.mark.parametrize("rename", range(1, 8))
def test_after_a_kill_between_two_renames_all_is_new_at_the_next_look(tmp_path: Path, rename: int) -> None:
    write_set(tmp_path, "old", old=True)
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, str(rename)], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    assert len(seen(tmp_path)) <= 1  # old ones or new ones, never both
    settle(tmp_path)
    assert content(tmp_path) == dict.fromkeys(NAMES, "new")


def test_the_next_run_finishes_first_what_was_killed(tmp_path: Path) -> None:
    write_set(tmp_path, "old", old=True)
    subprocess.run([sys.executable, "-c", KILLED, tmp_path, "6"])
    with pytest.raises(KeyError), staged_files(tmp_path, NAMES, optional=("old.txt",)):
        raise KeyError
    assert content(tmp_path) == dict.fromkeys(NAMES, "new")


@pytest.mark.parametrize("refused", range(1, 8))
def test_where_a_rename_is_refused_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int
) -> None:
    write_set(tmp_path, "old", old=True)
    real, renames = os.replace, 0

    def replace(source: Path, target: Path) -> None:
        nonlocal renames
        renames += "switch.json" not in str(target)
        if renames == refused:
            raise PermissionError(13, "The process cannot access the file: it is used by another", str(source))
        real(source, target)

    monkeypatch.setattr(switching.os, "replace", replace)
    with pytest.raises(OutputPathError, match=r"(a\.tif|b\.gpkg|c\.html|old\.txt) cannot be written .*used by another"):
        write_set(tmp_path, "new")
    monkeypatch.undo()
    assert content(tmp_path) == dict.fromkeys((*NAMES, "old.txt"), "old")


def half_switched(folder: Path) -> Path:
    """The hidden folder of a set that was killed while it came out."""
    write_set(folder, "old", old=True)
    subprocess.run([sys.executable, "-c", KILLED, folder, "6"])
    return next(folder.glob(".minenetcd-*"))


def everything(folder: Path) -> dict[Path, tuple[int, str]]:
    """Each file and link with its inode and words, but for locks."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not (path.is_dir() or path.name in LOCKS))
    return {path: (path.lstat().st_ino, path.read_text() if path.is_file() else "") for path in found}


@pytest.mark.parametrize("note", [{"new": [], "gone": ["../mine.txt"]}, {"new": ["link/mine.txt"], "gone": []}, "pipe"])
def test_a_note_that_came_with_a_folder_is_not_followed(tmp_path: Path, note: Any) -> None:
    folder, hidden = tmp_path / "result", tmp_path / "result" / ".minenetcd-evil"
    (hidden / "link").mkdir(parents=True)
    (hidden / "link" / "mine.txt").write_text("theirs")
    (folder / "link").symlink_to("..")
    (tmp_path / "mine.txt").write_text("mine")
    (hidden / switching.SEAL).touch()
    if note == "pipe":
        os.mkfifo(hidden / switching.NOTE)
    else:
        (hidden / switching.NOTE).write_text(json.dumps({**note, "seal": [1, 2]}))
    before = everything(tmp_path)
    for use in (settle, lambda place: write_set(place, "new")):
        with pytest.raises(OutputPathError, match="result may be half written"):
            use(folder)
    reclaim(folder)
    assert everything(tmp_path) == before


def test_a_folder_that_was_half_written_elsewhere_is_refused(tmp_path: Path) -> None:
    half_switched(tmp_path / "here")
    shutil.copytree(tmp_path / "here", tmp_path / "copy", symlinks=True)
    (tmp_path / "here").rename(tmp_path / "moved")
    before = everything(tmp_path / "copy")
    for use in (settle, lambda place: write_set(place, "newer")):
        with pytest.raises(OutputPathError, match=r"copy may be half written: in \.minenetcd-.* or remove .*copy/"):
            use(tmp_path / "copy")
    assert everything(tmp_path / "copy") == before
    settle(tmp_path / "moved")
    assert content(tmp_path / "moved") == dict.fromkeys(NAMES, "new")


def test_nothing_is_brought_out_through_a_link_that_came_after(tmp_path: Path) -> None:
    half_switched(tmp_path / "out")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "c.html").write_text("mine")
    shutil.rmtree(tmp_path / "out" / "maps", ignore_errors=True)
    (tmp_path / "out" / "maps").symlink_to(tmp_path / "home")
    with pytest.raises(OutputPathError, match="half written"):
        settle(tmp_path / "out")
    assert content(tmp_path / "home") == {"c.html": "mine"}


def test_hidden_folders_behind_links_and_of_others_are_let_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home" / ".minenetcd-x").mkdir(parents=True)
    (tmp_path / "out" / ".minenetcd-theirs").mkdir(parents=True)
    (tmp_path / "out" / "link").symlink_to(tmp_path / "home")
    (tmp_path / "out" / ".minenetcd-link").symlink_to(tmp_path / "home")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    reclaim(tmp_path / "out")
    assert (tmp_path / "out" / ".minenetcd-theirs").exists()
    monkeypatch.undo()
    reclaim(tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == [".minenetcd-link", "link"]
    assert os.listdir(tmp_path / "home") == [".minenetcd-x"] and not os.listdir(tmp_path / "home" / ".minenetcd-x")


def test_a_run_whose_folder_gets_another_name_leaves_nothing_and_no_lock_of_others(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    out = tmp_path / "out"
    out.symlink_to("first")
    with one_run_in(out):
        hidden = HiddenFolder.make(out, out)
        out.unlink()
        out.symlink_to("second")
        (tmp_path / "second" / ".minenetcd.lock").write_text("another run's")
        (tmp_path / "first").rename(tmp_path / "renamed")
        hidden.remove()
    assert content(tmp_path / "second") == {".minenetcd.lock": "another run's"}
    assert not list((tmp_path / "renamed").iterdir())


def test_hidden_folders_are_removed_only_where_nobody_works_in_them(tmp_path: Path) -> None:
    (tmp_path / "sub" / ".minenetcd-dead").mkdir(parents=True)
    with staged_files(tmp_path, ("a.txt",)) as hidden:
        write_text(hidden / "a.txt", "here")
        code = "import sys; from minenetcd.files import reclaim; from pathlib import Path; reclaim(Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
        assert hidden.exists()
    assert content(tmp_path) == {"a.txt": "here"} and not list((tmp_path / "sub").iterdir())


def test_one_run_at_a_time_and_within_itself(tmp_path: Path) -> None:
    code = "import sys; from minenetcd.files import one_run_in\nwith one_run_in(sys.argv[1]): pass"
    command = [sys.executable, "-c", code, tmp_path / "out"]
    with one_run_in(tmp_path / "out"), one_run_in(tmp_path / "out"):
        other = subprocess.run(command, capture_output=True, text=True)
        assert (
            f"OutputError: Another run is at work in {tmp_path / 'out'} (process {os.getpid()} on this" in other.stderr
        )
    assert subprocess.run(command).returncode == 0 and list((tmp_path / "out").iterdir()) == []


def geopackage(path: Path, rows: int) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table change (x)")
        database.executemany("insert into change values (?)", [("row",)] * rows)
    database.close()


def rows(path: Path) -> int:
    database = sqlite3.connect(path)
    try:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        return int(database.execute("select count(*) from change").fetchone()[0])
    finally:
        database.close()


#: As QGIS does: opens it in WAL mode, edits it, and crashes.
EDITED = """
import sqlite3, sys, os
database = sqlite3.connect(sys.argv[1])
database.execute("pragma journal_mode=wal"); database.execute("pragma wal_autocheckpoint=0")
database.executemany("insert into change values (?)", [("edited" * 90,)] * 300); database.commit()
os._exit(9)
"""


def put_geopackage(folder: Path, count: int) -> None:
    with staged_files(folder, ("b.gpkg",)) as hidden:
        geopackage(hidden / "b.gpkg", count)


@pytest.mark.parametrize("remains", ["all", "sides", "damaged"])
def test_a_new_geopackage_never_meets_the_log_of_an_old_one(tmp_path: Path, remains: str) -> None:
    put_geopackage(tmp_path, 5)
    subprocess.run([sys.executable, "-c", EDITED, tmp_path / "b.gpkg"])
    assert (tmp_path / "b.gpkg-wal").exists()
    if remains == "sides":
        (tmp_path / "b.gpkg").unlink()
    elif remains == "damaged":
        (tmp_path / "b.gpkg").write_bytes(b"no database" * 1000)
    put_geopackage(tmp_path, 7)
    assert rows(tmp_path / "b.gpkg") == 7
    assert [path.name for path in tmp_path.iterdir()] == ["b.gpkg"]


def test_a_geopackage_that_is_open_is_not_replaced(tmp_path: Path) -> None:
    put_geopackage(tmp_path, 5)
    database = sqlite3.connect(tmp_path / "b.gpkg")
    database.execute("pragma journal_mode=wal")
    database.execute("select count(*) from change").fetchone()
    for write in (lambda: check_writable(tmp_path, ("b.gpkg",)), lambda: put_geopackage(tmp_path, 7)):
        with pytest.raises(OutputPathError, match=r"b\.gpkg is open in another program .*: close it there, or choose"):
            write()
    database.close()
    assert rows(tmp_path / "b.gpkg") == 5
