"""Images that are removed or changed while a result is open, and large ones that take long to be read."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.prediction.scene import predict_scene
from minenetcd.web.results.far_copy import MOST_READ
from prediction.stand_in import Difference
from web.serving.made_results import ground, make_results, write_pair
from web.serving.servers import Server, until
from web.serving.test_served_results import pixels

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIDE = 4200
GONE = 410


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    return write_pair(tmp_path / "images", "mine")


@pytest.fixture
def served(tmp_path: Path, images: tuple[Path, Path]) -> Iterator[Server]:
    predict_scene(Difference(), *images, tmp_path / "mine").close()
    with Server.start(tmp_path / "mine") as server:
        yield server


def tile_path(description: dict[str, Any], layer: str, zoom: int | None = None) -> str:
    """The address of a tile in the middle."""
    found = description["layers"][layer]
    z = found["minzoom"] if zoom is None else zoom
    west, south, east, north = description["bounds"]
    x = int(((west + east) / 2 + 180) / 360 * 2**z)
    latitude = np.radians((south + north) / 2)
    y = int((1 - np.arcsinh(np.tan(latitude)) / np.pi) / 2 * 2**z)
    return str(found["tiles"]).replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))


def test_a_removed_image_is_noticed_at_the_next_request_and_again_when_it_is_back(
    served: Server, images: tuple[Path, Path]
) -> None:
    first = served.json("/api/results/mine")
    assert served.get(tile_path(first, "after")).status_code == 200
    aside = images[1].with_name("aside")
    images[1].rename(aside)
    answer = served.get(tile_path(first, "after"))
    assert answer.status_code == GONE and f"{images[1].name} is not there" in answer.json()["detail"]
    now = served.json("/api/results/mine")
    assert set(now["layers"]) == {"probability"} and any("is not there" in warning for warning in now["warnings"])
    assert served.get(tile_path(first, "probability")).status_code == 200
    aside.rename(images[1])
    assert served.get(tile_path(first, "after")).status_code == 200
    assert served.json("/api/results/mine")["warnings"] == first["warnings"]


def test_a_changed_image_is_not_shown_as_that_of_the_map(served: Server, images: tuple[Path, Path]) -> None:
    first = served.json("/api/results/mine")
    write_geotiff(images[0], ground(seed=9), utm_grid(200, 240))
    answer = served.get(tile_path(first, "before"))
    assert answer.status_code == GONE and "was changed since then" in answer.json()["detail"]
    images[0].write_text("no image any more")
    assert served.get(tile_path(first, "before")).status_code == GONE


@pytest.mark.slow  # a series is made
def test_a_series_goes_on_without_the_image_of_a_date(tmp_path: Path) -> None:
    with Server.start(make_results(tmp_path) / "mine") as server:
        series = server.json("/api/series/mine")
        assert server.get(tile_path(series, "date-2")).status_code == 200
        next(iter((tmp_path / "images").glob("mine_2020-*"))).unlink()
        assert server.get(tile_path(series, "date-2")).status_code == GONE
        now = server.json("/api/series/mine")
        assert now["warnings"] and "date-2" not in now["layers"] and "date-1" in now["layers"]


@pytest.mark.slow  # a browser
def test_the_page_says_that_an_image_is_gone(served: Server, images: tuple[Path, Path], page: "Page") -> None:
    page.goto(f"{served.url}results/mine")
    page.locator("[data-ready=true]").wait_for()
    notice = page.locator(".image-notice")
    assert not notice.is_visible()
    images[1].unlink()
    page.get_by_role("region", name="Map of both dates").focus()
    for _ in range(3):
        page.keyboard.press("+")
    notice.filter(has_text=f"{images[1].name} is not there").wait_for()


@pytest.mark.slow  # 18 megapixels are predicted
def test_large_images_are_shown_at_once_and_sharp_when_they_are_read(tmp_path: Path, page: "Page") -> None:
    assert SIDE**2 > MOST_READ
    grid = utm_grid(SIDE, SIDE)
    before = np.full((SIDE, SIDE, 3), 60, np.uint8)
    before[::2] += 40  # rows that the report's pictures cannot show
    after = before.copy()
    after[2000:2200, 2000:2300] = 230
    paths = [write_geotiff(tmp_path / f"{name}.tif", date, grid) for name, date in (("b", before), ("a", after))]
    predict_scene(Difference(tile=1024), *paths, tmp_path / "large").close()
    with Server.start(tmp_path / "large") as server:
        first = server.json("/api/results/large")
        coarse = server.get(tile_path(first, "after"))
        assert pixels(coarse.content)[..., 3].any()
        assert ("max-age=3" in coarse.headers["cache-control"].split(", ")) == first["being_read"]
        page.goto(f"{server.url}results/large")
        until(lambda: not server.json("/api/results/large")["being_read"])
        page.locator("[data-ready=true]").wait_for()
        page.locator(".image-notice").wait_for(state="hidden")
        final = server.get(tile_path(first, "after"))
        assert "max-age=86400" in final.headers["cache-control"]
        shape = np.abs(pixels(final.content)[..., 3].astype(int) - pixels(coarse.content)[..., 3]) > 0
        assert shape.mean() < 0.05  # both lie in the same place
        fine = pixels(server.get(tile_path(first, "before", first["layers"]["before"]["maxzoom"])).content)
        assert np.ptp(fine[..., 0].astype(int)) > 30
