"""Files appear complete or not at all, alone and as a set."""

import errno
import json
import os
from functools import partial
from pathlib import Path

import pytest

from minenetcd.errors import OutputError, OutputPathError
from minenetcd.files import (
    atomic_path,
    check_not_input,
    check_writable,
    locked,
    reclaim,
    slug,
    staged_files,
    unwritable,
    write_json,
    write_text,
)

NAMES, OPTIONAL = ("numbers.json", "table.csv"), ("figure.png",)


def write_set(folder: Path, words: str, *, figure: bool) -> None:
    with staged_files(folder, NAMES, optional=OPTIONAL) as hidden:
        for name in (*NAMES, *(OPTIONAL if figure else ())):
            write_text(hidden / name, words)


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_atomic_path_replaces_or_removes(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    with atomic_path(target) as path:
        path.write_text("first")
        assert (path.name, target.exists()) == ("report.html", False)
    with pytest.raises(KeyError), atomic_path(target) as path:
        path.write_text("second")
        raise KeyError
    assert target.read_text() == "first"
    with pytest.raises(OutputError, match="cannot be written"), atomic_path(target):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_set_of_files_replaces_the_whole_set_before(tmp_path: Path) -> None:
    write_set(tmp_path / "new" / "set", "first", figure=True)
    (tmp_path / "new" / "set" / "notes.txt").write_text("mine")
    write_set(tmp_path / "new" / "set", "second", figure=False)
    assert content(tmp_path / "new" / "set") == {**dict.fromkeys(NAMES, "second"), "notes.txt": "mine"}


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), ValueError("no"), KeyboardInterrupt()])
def test_a_set_that_fails_changes_nothing(tmp_path: Path, failure: BaseException) -> None:
    write_set(tmp_path / "old", "first", figure=True)
    for folder in (tmp_path / "old", tmp_path / "deep" / "new"):
        wanted = OutputError if isinstance(failure, OSError) else type(failure)
        with pytest.raises(wanted), staged_files(folder, NAMES) as hidden:
            write_text(hidden / NAMES[0], "half")
            raise failure
    assert content(tmp_path / "old") == dict.fromkeys((*NAMES, *OPTIONAL), "first")
    assert list(tmp_path.iterdir()) == [tmp_path / "old"]


def test_a_set_needs_all_its_files(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"), staged_files(tmp_path, NAMES) as hidden:
        write_text(hidden / NAMES[0], "half")
    assert list(tmp_path.iterdir()) == []


def test_files_that_no_earlier_call_left_are_neither_replaced_nor_removed(tmp_path: Path) -> None:
    for name in (NAMES[1], *OPTIONAL):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text("mine")
        with pytest.raises(OutputPathError, match=r"is not of an earlier call \(numbers\.json is not beside it\)"):
            write_set(folder, "new", figure=False)
        assert content(folder) == {name: "mine"}


def test_a_file_where_a_folder_is_needed_is_refused_before_anything_moves(tmp_path: Path) -> None:
    (tmp_path / "maps").write_text("mine")
    with pytest.raises(OutputPathError, match="maps cannot be written: it is a file, and a folder is needed"):
        check_writable(tmp_path, ("numbers.json", "maps/a.png"))
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputPathError, match="it is a link to nothing"):
        check_writable(tmp_path / "link", ())


def test_an_input_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "before.tif").write_text("image")
    (tmp_path / "out").symlink_to(tmp_path, target_is_directory=True)
    check_not_input(tmp_path / "out", ["change.tif"], [tmp_path / "before.tif", "no file at all"])
    with pytest.raises(OutputPathError, match="is an input"):
        check_not_input(tmp_path / "out", ["before.tif"], [tmp_path / "before.tif"])


def test_a_check_leaves_no_trace(tmp_path: Path) -> None:
    check_writable(tmp_path / "deep" / "new", NAMES)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="it is a file, and a folder is needed"):
        check_writable(tmp_path / "file", NAMES)
    (tmp_path / NAMES[0]).mkdir()
    with pytest.raises(OutputError, match="a folder has that name"):
        check_writable(tmp_path, NAMES)


def test_a_place_that_cannot_be_used_is_bad_input_and_a_full_disk_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for write in (
        partial(check_writable, tmp_path / "file", ["a.txt"]),
        partial(write_text, tmp_path / "no" / "a", ""),
    ):
        with pytest.raises(OutputPathError) as caught:
            write()
        assert caught.value.exit_code == 2
    for number, kind in ((errno.ENOSPC, OutputError), (errno.EACCES, OutputPathError)):
        assert type(unwritable(tmp_path, OSError(number, "why"))) is kind


def test_files_have_the_permissions_of_new_ones(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with staged_files(tmp_path, ["secret"]) as hidden:
        (hidden / "secret").touch(mode=0o600)
    assert (tmp_path / "secret").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_json_holds_null_where_there_is_no_finite_number(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"Größe": [1.5, float("nan")], "limits": (float("-inf"), 2)})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"Größe": [1.5, None], "limits": [None, 2]}
    assert "Größe" in text and text.endswith("}\n")


def test_text_keeps_its_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "x.csv", "a,b\r\n1,2\n")
    assert (tmp_path / "x.csv").read_bytes() == b"a,b\r\n1,2\n"


def test_a_lock_that_is_held_is_waited_for_or_refused(tmp_path: Path) -> None:
    again = locked(tmp_path / "lock", refusal="The folder is in use: wait.")
    with locked(tmp_path / "lock"), pytest.raises(OutputError, match="in use: wait"), again:
        raise AssertionError("held twice")
    with locked(tmp_path / "lock", refusal="never"):
        pass


@pytest.mark.parametrize("kind", ["link", "hard link", "link to nothing", "pipe"])
def test_what_lies_in_the_place_of_a_lock_is_neither_followed_nor_emptied(tmp_path: Path, kind: str) -> None:
    thesis, out = tmp_path / "thesis.txt", tmp_path / "out"
    thesis.write_text("mine")
    for place in (out / ".minenetcd.lock", out / ".minenetcd-x" / ".owner"):
        place.parent.mkdir(exist_ok=True)
        if kind == "pipe":
            os.mkfifo(place)
        elif kind == "hard link":
            os.link(thesis, place)
        else:
            place.symlink_to(thesis if kind == "link" else tmp_path / "nowhere")
    reclaim(out)
    with pytest.raises(OutputPathError, match=r"\.minenetcd\.lock there is a link or no plain file: remove it"):
        write_set(out, "new", figure=False)
    assert thesis.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "thesis.txt"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("FC-EF, strong", "fc-ef-strong"),
        ("fc_ef 0.5", "fc_ef-0.5"),
        ("a" * 60, "a" * 48),
        ("Größe", "gr-e-3eeb85"),
        ("???", "5758f2"),
    ],
)
def test_a_name_becomes_part_of_a_file_name(text: str, name: str) -> None:
    assert slug(text) == name


def test_a_look_whether_a_folder_is_writable_clears_away_one_that_was_killed(tmp_path: Path) -> None:
    for name, file in ((".minenetcd-empty", ".owner"), (".minenetcd-work", "strips.npy")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
    check_writable(tmp_path / "new", NAMES)
    assert [path.name for path in tmp_path.iterdir()] == [".minenetcd-work"]
