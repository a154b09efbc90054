"""Images come in, and nothing else does."""

import socket
import struct
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from fixtures.scene_files import utm_grid, write_geotiff
from web.serving.made_results import ground
from web.serving.servers import SCRIPT, Server
from web.waiting import until

GRID = utm_grid(60, 80)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_geotiff(tmp_path / "Mine 2019-06-01.tif", ground(GRID), GRID)


def uploads_of(server: Server) -> Path:
    return Path(server.process.args[server.process.args.index("--uploads") + 1]) / "files"


def kept(server: Server) -> set[str]:
    return {path.name for path in uploads_of(server).iterdir()}


def remove(server: Server, id: str) -> None:
    assert server.client.delete(f"/api/uploads/{id}", headers=SCRIPT).status_code == 204


def test_an_image_comes_in_as_it_is(server: Server, image: Path) -> None:
    answer = server.upload(image)
    found = answer.json()
    assert answer.status_code == 201
    assert (found["name"], found["width"], found["height"], found["bands"]) == (image.name, 80, 60, 3)
    stored = list((uploads_of(server) / found["id"]).iterdir())
    assert [path.read_bytes() for path in stored] == [image.read_bytes()]
    assert stored[0].name == "mine-2019-06-01.tif"
    remove(server, found["id"])
    assert found["id"] not in kept(server)


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x.tif", "/etc/passwd", "..\\..\\x.tif", "a\x00b.tif", ".", "\N{SKULL}.tif"]
)
def test_a_name_leads_nowhere(server: Server, image: Path, name: str) -> None:
    answer = server.upload(image, name)
    assert answer.status_code == 201
    found = answer.json()
    assert "/" not in found["name"] and "\\" not in found["name"]
    (stored,) = (uploads_of(server) / found["id"]).iterdir()
    assert stored.suffix == ".tif" and set(stored.stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    remove(server, found["id"])


VRT = (
    '<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
    "<SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
)
BAD = {
    "vrt": VRT.encode(),
    "vrt as tif": b"II*\0" + VRT.encode(),
    "vrt in png": b"\x89PNG\r\n\x1a\n" + VRT.encode(),
    "web service": b"<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1:9/</ServerUrl></Service></GDAL_WMS>",
    "text": b"hello",
    "html": b"<!doctype html><script>alert(1)</script>",
    "zip": b"PK\x03\x04" + b"\0" * 40,
    "hdf5": b"\x89HDF\r\n\x1a\n" + b"\0" * 100,
    "cut tif": b"II*\0\x08\0\0\0",
    "cut png": b"\x89PNG\r\n\x1a\n\0\0",
    "nothing": b"",
    "pipe": b"/vsicurl/http://127.0.0.1:9/x.tif",
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_image_of_ours_is_refused_and_leaves_nothing(server: Server, tmp_path: Path, kind: str) -> None:
    before = kept(server)
    path = tmp_path / "image.tif"
    path.write_bytes(BAD[kind])
    answer = server.upload(path)
    assert answer.status_code == 415
    assert str(uploads_of(server)) not in answer.text
    assert kept(server) == before


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header says it is large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")
    )


def test_more_pixels_than_allowed_are_refused_before_one_is_decoded(server: Server, tmp_path: Path) -> None:
    before, path = kept(server), tmp_path / "bomb.png"
    path.write_bytes(png_that_claims(60_000, 60_000))
    answer = server.upload(path)
    assert answer.status_code == 413 and "60,000 x 60,000" in answer.json()["detail"]
    assert kept(server) == before


def test_more_bytes_than_allowed_are_refused_while_they_come(server: Server) -> None:
    before, given = kept(server), 0

    def pieces():
        nonlocal given
        for _ in range(1000):
            given += 2**17
            yield b"\0" * 2**17

    headers = {**SCRIPT, "content-type": "application/octet-stream"}
    declared = server.client.post("/api/uploads?name=a.tif", content=b"\0" * 3_000_000, headers=headers)
    assert declared.status_code == 413
    try:
        answer = server.client.post("/api/uploads?name=a.tif", content=pieces(), headers=headers)
        assert answer.status_code == 413
    except Exception as error:  # the server has closed before all was sent
        assert type(error).__name__ in ("WriteError", "ReadError", "RemoteProtocolError")
    assert given < 100 * 2**20
    assert kept(server) == before


def test_an_upload_that_breaks_off_leaves_nothing(server: Server) -> None:
    before, place = kept(server), urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(
            f"POST /api/uploads?name=a.tif HTTP/1.1\r\nHost: {place.netloc}\r\nX-Minenetcd: 1\r\n"
            "Content-Type: application/octet-stream\r\nContent-Length: 100000\r\n\r\nII*\0".encode()
        )
        until(lambda: kept(server) != before)
    until(lambda: kept(server) == before)


def test_an_image_that_a_job_may_need_is_known_by_its_id_alone(server: Server) -> None:
    for id in ("0" * 16, "../../etc", "x"):
        answer = server.client.post("/api/jobs", json={"before": id, "after": "1" * 16})
        assert answer.status_code in (404, 422)


def test_two_dates_are_needed(server: Server, image: Path) -> None:
    id = server.upload(image).json()["id"]
    answer = server.client.post("/api/jobs", json={"before": id, "after": id})
    assert answer.status_code == 422 and "Two dates are needed" in answer.json()["detail"]
    for options in (
        {"detector": "/etc/passwd"},
        {"detector": "HZDR/x"},
        {"threshold": 2},
        {"unknown": 1},
        {"date_before": "2019-13-45"},
    ):
        wrong = server.client.post("/api/jobs", json={"before": id, "after": "0" * 16, "options": options})
        assert wrong.status_code == 422, options
    remove(server, id)
    assert np.all([job["before"]["id"] != id for job in server.json("/api/jobs")["jobs"]])
