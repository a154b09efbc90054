"""Images that came in, and that nobody can ask for any more."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.web.serving.app import make_app, make_served
from minenetcd.web.serving.jobs import store as keeping
from minenetcd.web.serving.options import ServeOptions
from web.serving.made_results import ground
from web.serving.servers import SCRIPT

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

GRID = utm_grid(60, 80)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """What servers that were killed have left, and a folder that is none of theirs."""
    files = tmp_path / "uploads/files"
    for name in ("0123456789abcdef/part", "fedcba9876543210/mine.tif", "my notes/notes.txt"):
        (files / name).parent.mkdir(parents=True)
        (files / name).write_text("x")
    return files


@pytest.fixture
def client(tmp_path: Path, files: Path) -> "Iterator[TestClient]":
    from fastapi.testclient import TestClient

    app = make_app(make_served([], ServeOptions(uploads=tmp_path / "uploads"), 8765))
    with TestClient(app, base_url="http://localhost:8765", headers=SCRIPT) as client:
        yield client


def names(files: Path) -> set[str]:
    return {path.name for path in files.iterdir()}


def upload(client: "TestClient", path: Path):
    return client.post("/api/uploads?name=mine.tif", content=path.read_bytes())


@pytest.mark.usefixtures("client")
def test_what_a_killed_server_has_left_goes_at_the_next_start(files: Path) -> None:
    assert names(files) == {"my notes"}


def test_an_image_that_cannot_be_noted_is_not_kept(
    client: "TestClient", files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = write_geotiff(tmp_path / "mine.tif", ground(GRID), GRID)
    monkeypatch.setattr(keeping, "PATIENCE", 0.05)
    with closing(sqlite3.connect(tmp_path / "uploads/jobs.sqlite", isolation_level=None)) as other:
        other.execute("begin immediate")
        answer = upload(client, image)
        assert answer.status_code == 503 and "database is locked" in answer.json()["detail"]
        assert names(files) == {"my notes"}
    assert upload(client, image).status_code == 201
    assert len(names(files)) == 2
