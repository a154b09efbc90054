"""One date as a STAC item."""

import json
from base64 import b64encode
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import rasterio

from geo.conftest import raised, values
from minenetcd.errors import RasterError
from minenetcd.geo.date_files.finding import find_date
from minenetcd.geo.date_files.stac import read_item
from minenetcd.geo.raster import Raster


def test_a_stac_item_names_its_bands_and_its_date(item: Path) -> None:
    assert values(item) == [4, 3, 2]
    assert values(item, bands=("nir", "B04")) == [8, 4]
    with Raster.open(item) as raster:
        assert raster.date is not None and raster.date.startswith("2023-06-01T10:06:01")


def test_a_stac_item_says_whether_its_numbers_are_raised(item: Path) -> None:
    told = json.loads(item.read_text())
    for properties, expected in (
        ({}, None),
        ({"s2:processing_baseline": "05.09"}, ("05.09", -1000)),
        ({"s2:processing_baseline": "05.09", "earthsearch:boa_offset_applied": True}, None),
    ):
        item.write_text(json.dumps({**told, "properties": {**told["properties"], **properties}}))
        assert raised(item) == expected


def test_an_item_is_fetched_with_the_password_of_its_url(item: Path) -> None:
    asked = []

    class Guarded(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(item.read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as server:
        Thread(target=server.serve_forever).start()
        found = read_item(f"http://me:h%20n@127.0.0.1:{server.server_port}/item.json", remote=True)
        server.shutdown()
    assert asked == ["Basic " + b64encode(b"me:h n").decode()] and len(found.parts) > 2
    with pytest.raises(RasterError, match="cannot be read as one") as caught:
        read_item("http://me:hidden@127.0.0.1:1/item.json", remote=True)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"stac_version": "1.0.0"', "cannot be read as one"),
        ('{"stac_version": "1.0.0", "assets": {}}', "with assets is needed"),
        ('{"stac_version": "1.0.0", "assets": {"a": {"href": "notes.txt"}}}', "names none"),
        ('{"stac_version": "1.0.0", "assets": {"a": {"href": "absent.tif"}}}', r"There is no file .*absent.tif"),
        ('{"stac_version": "1.0.0", "assets": {"a": {"href": "/vsicurl/http://x/a.tif"}}}', "--remote"),
    ],
)
def test_stac_items_that_name_no_image_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "item.json"
    path.write_text(text)
    with pytest.raises(RasterError, match=message):
        find_date(path)


@pytest.mark.parametrize("when", ["2020-01-01T00:00:00Z", None])
def test_an_item_of_one_image_names_its_bands_whatever_else_it_says(tmp_path: Path, when: str | None) -> None:
    three_bands(tmp_path / "x.tif")
    asset = {"href": "x.tif", "bands": [{"name": name} for name in ("blue", "green", "red")]}
    item = {"stac_version": "1.1.0", "properties": {"datetime": when}, "assets": {"image": asset}}
    (tmp_path / "x.json").write_text(json.dumps(item))
    assert values(tmp_path / "x.json") == [3, 2, 1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"roles": 5}, None), ({"roles": [None]}, None), ({"bands": 5}, None), ({"eo:bands": {"name": 1}}, None),
        ({"href": "http://[/x.tif"}, "--remote"), ({"href": "x" * 5000 + ".tif"}, "There is no file .*xxx"),
        ({"bands": [{"name": "\ud800"}] * 3}, "cannot be read as one"),
    ],
)  # fmt: skip
def test_an_item_whose_words_are_no_stac_is_read_without_them_or_refused(
    tmp_path: Path, wrong: dict[str, object], message: str | None
) -> None:
    three_bands(tmp_path / "x.tif")
    assets = {"image": {"href": "x.tif", "type": "image/tiff", **wrong}}
    (tmp_path / "x.json").write_text(json.dumps({"stac_version": "1.1.0", "properties": {}, "assets": assets}))
    if message is None:
        assert values(tmp_path / "x.json") == [1, 2, 3]
    else:
        with pytest.raises(RasterError, match=message):
            find_date(tmp_path / "x.json")


def three_bands(path: Path) -> None:
    """Of 1, 2 and 3."""
    with rasterio.open(
        path, "w", driver="GTiff", height=48, width=48, count=3, dtype="uint8", photometric="MINISBLACK"
    ) as file:
        file.write(np.stack([np.full((48, 48), value, np.uint8) for value in (1, 2, 3)]))
