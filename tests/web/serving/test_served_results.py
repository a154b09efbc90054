"""Results, series and tables of pairs over HTTP."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from shapely import contains_xy, transform
from shapely.geometry import shape

from web.serving.servers import Server

#: By so much a pixel's edge, turned on the map, may lie off an outline. [pixels of a tile]
TURNED = 1.5


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.array(Image.open(io.BytesIO(png)).convert("RGBA"))


def middle_tile(server: Server, description: dict, layer: str) -> NDArray[np.uint8]:
    """A tile of a layer at its first zoom, where all of it is seen."""
    found = description["layers"][layer]
    z = found["minzoom"]
    west, south, east, north = description["bounds"]
    x, y = (int(place) for place in on_map((west + east) / 2, (south + north) / 2, z))
    return tile(server, found, z, x, y)


def on_map(longitude: Any, latitude: Any, z: int) -> tuple[Any, Any]:
    """Columns and rows of tiles at zoom `z`, with their fractions."""
    y = (1 - np.arcsinh(np.tan(np.radians(latitude))) / np.pi) / 2
    return (longitude + 180) / 360 * 2**z, y * 2**z


def tile(server: Server, found: dict, z: int, x: int, y: int) -> NDArray[np.uint8]:
    path = found["tiles"].replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))
    answer = server.get(path)
    assert answer.headers["content-type"] == "image/png"
    return pixels(answer.content)


def test_the_list_has_everything_in_numbers(server: Server) -> None:
    found = server.json("/api/sites")
    by_title = {site["title"]: site for site in found["sites"] if not site["of_series"]}
    assert set(by_title) == {"one", "picture", "north", "south", "mine"}
    one, series, picture = (by_title[name] for name in ("one", "mine", "picture"))
    assert one["images"] == "one_2019.tif to one_2022.tif" and picture["images"] == "before.png to after.png"
    assert one["reviewed"] is None
    assert one["hectares"] > 10 and one["places"] >= 1 and one["papers"] == ["report.html"]
    assert (one["date_before"], one["date_after"]) == ("2019-06-02", "2022-06-04")
    assert 13 < one["place"][0] < 14 and 50 < one["place"][1] < 51
    assert picture["place"] is None and picture["hectares"] is None and picture["changed_pixels"] > 1000
    assert (series["kind"], series["dates"], series["detector"]) == ("series", 4, "difference")
    assert by_title["north"]["group"] == "mines" and by_title["north"]["place"] != by_title["south"]["place"]
    assert [(pair["id"], pair["group"]) for pair in found["failed"]] == [("lost", "mines")]
    assert "none.tif" in found["failed"][0]["error"]
    assert found["unreadable"] == []


@pytest.mark.parametrize("id", ["results-one", "results-picture", "results-mines-north"])
def test_a_result_is_described_and_its_tiles_and_polygons_are_where_it_says(server: Server, id: str) -> None:
    described = server.json(f"/api/results/{id}")
    assert described["id"] == id and set(described["layers"]) == {"before", "after", "probability"}
    for layer in described["layers"]:
        seen = middle_tile(server, described, layer)
        assert 0 < np.count_nonzero(seen[..., 3]) < seen[..., 3].size
    polygons = server.get(described["polygons"])
    assert polygons.headers["content-type"] == "application/geo+json"
    assert len(polygons.json()["features"]) == described["places"]


def test_a_series_has_all_dates_on_one_map(server: Server) -> None:
    described = server.json("/api/series/results-mine")
    assert [date["date"] for date in described["dates"]] == ["2019-06-02", "2020-06-01", "2021-06-03", "2022-06-04"]
    assert [date["layer"] for date in described["dates"]] == [f"date-{number}" for number in range(1, 5)]
    areas = [date["values"]["cumulative_ha"] for date in described["dates"]]
    assert areas == sorted(areas) and areas[-1] > areas[1] > 0
    tiles = [middle_tile(server, described, date["layer"]) for date in described["dates"]]
    assert all(np.count_nonzero(tile[..., 3]) for tile in tiles)
    last = described["dates"][-1]
    assert server.json(f"/api/results/{last['results']['first']}")["dates"][0]["label"] == "2019-06-02"
    assert server.get(described["report"]).text.startswith("<!doctype html>")


def test_when_pixels_changed_is_seen_in_the_colours_of_the_dates_and_no_others(server: Server) -> None:
    described = server.json("/api/series/results-mine")
    colours = {tuple(bytes.fromhex(date["colour"][1:])) for date in described["dates"] if date["colour"]}
    seen = middle_tile(server, described, "when")
    shown = {tuple(pixel[:3]) for pixel in seen.reshape(-1, 4) if pixel[3]}
    assert shown and shown <= colours
    polygons = server.json(described["polygons"])["features"]
    assert {feature["properties"]["date_number"] for feature in polygons} == {2, 3, 4}


def test_pixels_lie_in_the_outline_of_their_date(server: Server) -> None:
    described = server.json("/api/series/results-mine")
    found, colours = described["layers"]["when"], [date["colour"] for date in described["dates"]]
    z, (west, south, east, north) = found["maxzoom"], described["bounds"]
    (left, top), (right, bottom) = on_map(west, north, z), on_map(east, south, z)
    columns, rows = range(int(left), int(right) + 1), range(int(top), int(bottom) + 1)
    seen = np.block([[[tile(server, found, z, x, y)] for x in columns] for y in rows])
    across, down = np.meshgrid(np.arange(seen.shape[1]) + 0.5, np.arange(seen.shape[0]) + 0.5)
    for feature in server.json(described["polygons"])["features"]:
        outline = transform(shape(feature["geometry"]), lambda places: in_pixels(places, z, columns[0], rows[0]))
        colour = bytes.fromhex(colours[feature["properties"]["date_number"] - 1][1:])
        within = contains_xy(outline.buffer(-TURNED), across, down)
        beyond = ~contains_xy(outline.buffer(TURNED), across, down)
        painted = (seen[..., :3] == list(colour)).all(axis=-1) & (seen[..., 3] > 0)
        assert within.sum() > 100 and painted[within].all() and not painted[beyond].any()


def in_pixels(places: NDArray[np.float64], z: int, column: int, row: int) -> NDArray[np.float64]:
    """Longitude and latitude (N, 2) as pixels of tiles, from the corner of one."""
    return 256 * (np.stack(on_map(*places.T, z), axis=1) - (column, row))


@pytest.mark.parametrize(
    "path",
    [
        "/api/results/none", "/api/results/none/polygons", "/api/results/none/files/change.tif", "/api/series/none",
        "/api/results/results-one/tiles/none/3/0/0.png", "/api/results/results-one/files/none.tif",
        "/api/results/results-one/files/details.zip", "/results/none", "/series/none", "/static/none.js", "/none",
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_in_a_line(server: Server, path: str) -> None:
    answer = server.get(path)
    assert answer.status_code == 404
    assert list(answer.json()) == ["detail"] and "\n" not in answer.json()["detail"]


@pytest.mark.parametrize("tile", ["3/0/-1", "30/0/0", "x/0/0", "3/0/1.5"])
def test_a_tile_that_is_none_is_refused(server: Server, tile: str) -> None:
    assert server.get(f"/api/results/results-one/tiles/before/{tile}.png").status_code == 422


def test_a_tile_beyond_the_map_shows_nothing(server: Server) -> None:
    answer = server.get("/api/results/results-one/tiles/before/3/7/0.png")
    assert not pixels(answer.content)[..., 3].any()


def test_files_are_given_as_they_are_and_reports_may_run_nothing(server: Server, results: Path) -> None:
    path = "/api/results/results-one/files/"
    map_ = server.get(f"{path}change.tif")
    assert map_.content == (results / "one/change.tif").read_bytes()
    assert map_.headers["content-disposition"].startswith("attachment")
    report = server.get(f"{path}report.html")
    assert "sandbox" in report.headers["content-security-policy"]
    assert "script-src" not in report.headers["content-security-policy"]


def test_a_result_that_was_made_again_is_shown_as_it_is_now(tmp_path: Path, results: Path) -> None:
    import shutil

    from minenetcd.prediction.rethreshold import rethreshold

    shutil.copytree(results / "one", tmp_path / "one")
    with Server.start(tmp_path / "one") as server:
        before = server.json("/api/results/one")
        rethreshold(tmp_path / "one", threshold=0.9).close()
        after = server.json("/api/results/one")
        assert server.json("/api/sites")["sites"][0]["hectares"] == after["hectares"]
    assert (before["threshold"], after["threshold"]) == (0.5, 0.9)
    assert before["layers"]["probability"]["tiles"] != after["layers"]["probability"]["tiles"]


def test_one_result_is_shown_at_once(tmp_path: Path, results: Path) -> None:
    with Server.start(results / "one") as server:
        answer = server.get("/")
        assert (answer.status_code, answer.headers["location"]) == (307, "results/one")
        assert server.get("/api/jobs").status_code == 404
        assert not server.json("/api/limits")["open"]
