"""Images are read by URL as from disk."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geo.conftest import WriteImage, read_all
from minenetcd.errors import RasterError
from minenetcd.geo.date_files.finding import find_date
from minenetcd.geo.raster import Raster

SERVE = """
import sys
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

class RangeHandler(SimpleHTTPRequestHandler):
    def do_GET(self):
        file = Path(self.translate_path(self.path))
        if not file.is_file():
            return self.send_error(404)
        content = file.read_bytes()
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        part = content[int(first) : int(last) + 1 if last else None]
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(part)

server = HTTPServer(("127.0.0.1", 0), partial(RangeHandler, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serves tmp_path with HTTP ranges; a process of its own, since opening a data set holds the interpreter's lock."""
    command = [sys.executable, "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


@pytest.mark.parametrize("name", ["image.tif", "image.png"])
@pytest.mark.parametrize("prefix", ["", "/vsicurl/"])
def test_urls_are_read_like_files(
    write_image: WriteImage, picture: NDArray, server: str, name: str, prefix: str
) -> None:
    write_image(name, picture)
    pixels, _ = read_all(f"{prefix}{server}/{name}")
    assert np.array_equal(pixels, picture)


def test_a_missing_url_is_one_line(server: str) -> None:
    with pytest.raises(RasterError, match=r"absent.tif cannot be opened as an image"):
        Raster.open(f"{server}/absent.tif")


def test_a_stac_item_on_the_network_is_read_where_that_is_asked_for(
    write_image: WriteImage, picture: NDArray, server: str, tmp_path: Path
) -> None:
    assets = {}
    for place, colour in enumerate(("red", "green", "blue")):
        write_image(f"{colour}.tif", picture[..., place : place + 1])
        assets[colour] = {
            "href": f"{colour}.tif" if colour == "red" else f"{server}/{colour}.tif",
            "bands": [{"eo:common_name": colour}],
        }
    (tmp_path / "item.json").write_text(json.dumps({"stac_version": "1.1.0", "properties": {}, "assets": assets}))
    for place in (f"{server}/item.json", tmp_path / "item.json"):
        with pytest.raises(RasterError, match=r"--remote"):
            find_date(place)
        assert np.array_equal(read_all(find_date(place, remote=True))[0], picture)
