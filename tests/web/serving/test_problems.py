"""What goes wrong, as it is told to this machine and to others."""

import shutil
from pathlib import Path

import pytest

from minenetcd.web.serving.app import make_app, make_served
from minenetcd.web.serving.options import ServeOptions
from minenetcd.web.serving.problems import without_folders

TOKEN = "a-token-of-enough-letters"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/data/mines/2019.tif cannot be read: give another.", "2019.tif cannot be read: give another."),
        ("got '/data/My mines/a b.tif' and /c/d.tif (/e/f)", "got 'a b.tif' and d.tif (f)"),
        (r"C:\data\mines\2019.tif is gone", "2019.tif is gone"),
        ("see https://example.org/a/b.html, 1/2, 3 km/h, or on /enter", None),
        ("before / after", None),
    ],
)
def test_folders_are_left_out(text: str, told: str | None) -> None:
    assert without_folders(text) == (text if told is None else told)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_only_this_machine_is_told_where_files_lie(tmp_path: Path, results: Path, host: str) -> None:
    from fastapi.testclient import TestClient

    shutil.copytree(results / "mines", tmp_path / "mines")
    shutil.copytree(results / "one", tmp_path / "broken")
    (tmp_path / "broken/details.zip").write_text("broken")
    (tmp_path / "broken/summary.json").write_text("broken")
    images = results.parent / "images"
    app = make_app(make_served([tmp_path], ServeOptions(host, token=TOKEN), 8765))
    with TestClient(app, base_url="http://localhost:8765", headers={"authorization": f"Bearer {TOKEN}"}) as client:
        sites = client.get("/api/sites").json()
        (broken,) = sites["unreadable"]
        said = [
            broken["error"],
            next(pair["error"] for pair in sites["failed"] if pair["id"] == "lost"),
            client.get(f"/api/results/{broken['id']}").json()["detail"],
        ]
    assert all(name in words for name, words in zip(("summary.json", "none.tif", "details"), said, strict=True)), said
    are_told = [str(tmp_path) in said[0], str(images) in said[1], str(tmp_path) in said[2]]
    assert are_told == [host == "127.0.0.1"] * 3, said
