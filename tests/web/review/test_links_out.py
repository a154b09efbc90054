"""A result folder that somebody else made: links in it lead to no other file of this machine."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from labelling.drawn_pair import drawn_pair, new_desk
from minenetcd.errors import DataError, InputError
from minenetcd.labelling.labels.desk import MARKS, open_desk
from minenetcd.labelling.verdicts.refreshing import refresh
from minenetcd.labelling.verdicts.store import Verdicts
from web.review.test_verdicts_api import ADDRESS, client_of, given

if TYPE_CHECKING:
    from starlette.testclient import TestClient

pytestmark = [pytest.mark.needs("fastapi"), pytest.mark.needs("httpx")]

SECRET = "<h2>How it was read</h2> the password"


@pytest.fixture
def client(result: Path) -> "Iterator[TestClient]":
    yield from client_of(result)


def linked(result: Path, name: str, text: str | None = None) -> Path:
    """The file `name` of a result, moved out of its folder, or one with `text`, and a link to it in its place."""
    outside = result.parent / f"outside-{name}"
    if text is None:
        shutil.copy(result / name, outside)
    else:
        outside.write_text(text)
    (result / name).unlink()
    (result / name).symlink_to(outside)
    return outside


@pytest.mark.parametrize("name", ["report.html", "summary.json", "item.json"])
def test_a_refresh_copies_no_file_from_elsewhere(result: Path, name: str) -> None:
    (result / name).touch()
    Verdicts(result).give(1, "accepted", by="Ann")
    linked(result, name, SECRET)
    with pytest.raises(InputError, match=f"{name} cannot be used .it lies outside of the folder.: put the file itself"):
        refresh(result)
    assert (result / name).is_symlink()


def test_a_linked_report_is_not_served_after_a_verdict(result: Path) -> None:
    linked(result, "report.html", SECRET)
    for client in client_of(result):
        assert client.get("/api/results/change/files/report.html").status_code == 404
        assert client.post(ADDRESS, json=given()).status_code == 200
    for client in client_of(result):  # the refresh was done when the server ended
        answer = client.get("/api/results/change/files/report.html")
        assert (answer.status_code, "password" in answer.text) == (404, False)


def test_linked_polygons_are_neither_read_nor_written(client: "TestClient", result: Path) -> None:
    outside = linked(result, "change.gpkg")
    as_it_was = outside.read_bytes()
    for answer in (client.get(ADDRESS), client.post(ADDRESS, json=given()), client.get("/api/results/change/polygons")):
        assert answer.status_code == 422
        assert "lies outside of the folder" in answer.json()["detail"]
    assert outside.read_bytes() == as_it_was


def test_a_linked_raster_is_not_shown(client: "TestClient", result: Path) -> None:
    linked(result, "probability.tif")
    described = client.get("/api/results/change").json()
    assert "probability" not in described["layers"]
    assert any("outside of the folder" in each for each in described["warnings"])


def test_a_linked_desk_is_not_opened(tmp_path: Path) -> None:
    desk = new_desk(tmp_path / "desk", drawn_pair(tmp_path))
    outside = tmp_path / "elsewhere.sqlite"
    outside.touch()
    (desk / MARKS).unlink(missing_ok=True)
    (desk / MARKS).symlink_to(outside)
    with pytest.raises(DataError, match="lies outside of the folder"), open_desk(desk):
        pass
    assert outside.read_bytes() == b""
