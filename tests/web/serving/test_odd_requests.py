"""Requests and files that are odd: one line each, and the server goes on."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import rasterio

from minenetcd.errors import MineNetCDError
from minenetcd.files.locks import Lock
from minenetcd.files.sets import LOCK
from minenetcd.web.serving.problems import Refused
from minenetcd.web.serving.uploads.checking import check_image
from web.serving.servers import Server
from web.serving.test_access import raw

MEGAPIXELS = 400_000_000


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "", "http://a]b", "null"])
def test_an_origin_that_is_none_is_refused(server: Server, origin: str) -> None:
    headers = {"origin": origin, "content-type": "application/json", "content-length": "0"}
    status, text = raw(server, "/api/session", method="POST", headers=headers)
    assert (status, "another site" in text) == (403, True)


@pytest.mark.parametrize("host", ["[", "[::1", "a]b", "127.0.0.1:x"])
def test_a_host_that_is_none_is_refused(server: Server, host: str) -> None:
    assert raw(server, "/api/sites", headers={"host": host})[0] in (400, 421)


def sparse(path: Path, side: int, bands: int, dtype: str, **options: object) -> Path:
    profile = {"driver": "GTiff", "width": side, "height": side, "count": bands, "dtype": dtype, "SPARSE_OK": "TRUE"}
    with rasterio.open(path, "w", **profile, **options):
        return path


def test_bytes_are_limited_and_not_pixels_alone(tmp_path: Path) -> None:
    many = sparse(tmp_path / "many.tif", 2_000, 256, "float64", tiled=True, blockxsize=16, blockysize=16)
    with pytest.raises(Refused, match=r"At most 128.0 MB of pixels are taken, this image has 8.2 GB .256 bands"):
        check_image(many, 4_000_000)


def test_blocks_are_limited(tmp_path: Path) -> None:
    one = sparse(tmp_path / "one.tif", 16_000, 3, "uint8", tiled=True, blockxsize=16_000, blockysize=16_000)
    with pytest.raises(Refused, match=r"Blocks of at most 268.4 MB are taken, this image has some of 768.0 MB"):
        check_image(one, MEGAPIXELS)
    usual = sparse(tmp_path / "usual.tif", 16_000, 13, "uint16", tiled=True, blockxsize=512, blockysize=512)
    assert check_image(usual, MEGAPIXELS).bands == 13
    strips = sparse(tmp_path / "strips.tif", 9_000, 3, "uint8", blockysize=9_000)
    assert check_image(strips, MEGAPIXELS).width == 9_000


def test_an_upload_that_ends_early_leaves_no_traceback(server: Server) -> None:
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port)) as connection:
        head = (
            f"POST /api/uploads?name=a.tif HTTP/1.1\r\nhost: {place.netloc}\r\nx-minenetcd: test\r\n"
            "content-type: application/octet-stream\r\ncontent-length: 1000000\r\n\r\n"
        )
        connection.sendall(head.encode() + b"II*\0" + bytes(1000))
        time.sleep(0.3)
    time.sleep(1)
    assert server.json("/api/sites")
    assert "Traceback" not in server.log.read_text()


@pytest.fixture
def own_result(results: Path, tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    folder = tmp_path / "one"
    shutil.copytree(results / "one", folder)
    with Server.start(folder) as started:
        yield started, folder


@pytest.mark.parametrize("spoiled", [{"hectares": 5}, {"warnings": 5}, {"places": "many"}, {"pixels": None}])
def test_a_summary_that_is_none_is_one_line(results: Path, tmp_path: Path, spoiled: dict[str, object]) -> None:
    from minenetcd.web.results.folder import ResultFolder

    folder = tmp_path / "one"
    shutil.copytree(results / "one", folder)
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps({**summary, **spoiled}))
    with ResultFolder.read(folder) as opened, pytest.raises(MineNetCDError, match=r"is no summary of this version \("):
        opened.description("one", tiles=str, polygons="")


def test_a_busy_folder_stalls_nothing_else(own_result: tuple[Server, Path]) -> None:
    server, folder = own_result
    body = {"polygon": 1, "status": "accepted", "by": "Ann"}
    answers: list[httpx.Response] = []

    def ask() -> None:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            answers.append(client.post("/api/results/one/verdicts", json=body))

    lock = Lock.take(folder / LOCK)
    assert lock is not None
    try:
        threads = [threading.Thread(target=ask) for _ in range(60)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        started = time.monotonic()
        assert server.get("/api/results/one").status_code == 200
        assert server.get("/api/sites").status_code == 200
        assert time.monotonic() - started < 4
        for thread in threads:
            thread.join()
    finally:
        lock.release()
    assert {answer.status_code for answer in answers} == {503}
    assert any("busy, others wait" in answer.json()["detail"] for answer in answers)
    assert server.client.post("/api/results/one/verdicts", json=body).status_code == 200


def test_a_geopackage_that_is_being_written_is_503(own_result: tuple[Server, Path]) -> None:
    import sqlite3

    server, folder = own_result
    with sqlite3.connect(folder / "change.gpkg", isolation_level=None) as database:
        database.execute("BEGIN EXCLUSIVE")
        answer = server.get("/api/results/one/verdicts")
        database.execute("ROLLBACK")
    assert (answer.status_code, "another program" in answer.json()["detail"]) == (503, True)
