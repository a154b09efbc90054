"""Verdicts over HTTP: what is answered, what is refused, and outlines between longitude, latitude and the grid."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely

from minenetcd.labelling.verdicts.store import Verdicts

if TYPE_CHECKING:
    from starlette.testclient import TestClient

pytestmark = [pytest.mark.needs("fastapi"), pytest.mark.needs("httpx")]


def client_of(folder: Path) -> "Iterator[TestClient]":
    from starlette.testclient import TestClient

    from minenetcd.web.serving.app import make_app, make_served
    from minenetcd.web.serving.options import ServeOptions

    app = make_app(make_served([folder], ServeOptions(), 8765))
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        yield client


@pytest.fixture
def client(result: Path) -> "Iterator[TestClient]":
    yield from client_of(result)


ADDRESS = "/api/results/change/verdicts"


def given(**more: Any) -> dict[str, Any]:
    return {"polygon": 1, "status": "accepted", "by": "Ann", **more}


def test_a_verdict_and_what_comes_next(client: "TestClient", result: Path) -> None:
    queue = client.get(ADDRESS).json()["queue"]
    answer = client.post(ADDRESS, json=given(polygon=queue[0], comment="pit")).json()
    assert (answer["revision"], answer["verdicts"], answer["queue"][0]) == (1, [queue[0]], queue[1])
    (changed,) = answer["changed"]
    assert (changed["status"], changed["reviewed_by"], changed["comment"]) == ("accepted", "Ann", "pit")
    assert client.get(ADDRESS, params={"since": 1}).json()["changed"] == []
    undone = client.post(f"{ADDRESS}/undo", params={"since": 1}, json={"by": "Ann"}).json()
    assert (undone["revision"], undone["verdicts"], undone["changed"][0]["status"]) == (2, [queue[0]], None)
    assert client.post(f"{ADDRESS}/undo", json={"by": "Ann"}).json()["verdicts"] == []
    assert Verdicts(result).statuses() == {}


def test_many_at_once(client: "TestClient") -> None:
    answer = client.post(f"{ADDRESS}/accept-above", json={"confidence": 0, "by": "Ann"}).json()
    assert len(answer["verdicts"]) == answer["counts"]["accepted"]["places"] == 6
    assert answer["queue"] == []


def test_an_outline_comes_and_goes_in_longitude_and_latitude(client: "TestClient", result: Path) -> None:
    frame = gpd.read_file(result / "change.gpkg", layer="change").set_index("id")
    wanted = frame.geometry[3].buffer(30)
    (turned,) = gpd.GeoSeries([wanted], crs=frame.crs).to_crs(4326)
    answer = client.post(ADDRESS, json=given(polygon=3, geometry=json.loads(shapely.to_geojson(turned)))).json()
    back = shapely.from_geojson(json.dumps(answer["changed"][0]["geometry"]))
    assert back.hausdorff_distance(turned) < 1e-6
    stored = gpd.read_file(result / "change.gpkg", layer="edited").geometry[0]
    assert stored.hausdorff_distance(wanted) < 0.01
    features = client.get("/api/results/change/polygons").json()["features"]
    (edited,) = (each for each in features if each["id"] == 3)
    assert (edited["properties"]["status"], edited["properties"]["edited"]) == ("accepted", True)
    assert shapely.from_geojson(json.dumps(edited["geometry"])).hausdorff_distance(turned) < 1e-6


def test_pictures_have_outlines_in_pixels(picture_result: Path) -> None:
    for client in client_of(picture_result):
        features = client.get("/api/results/pictures/polygons").json()["features"]
        (one,) = (each for each in features if each["id"] == 2)
        answer = client.post("/api/results/pictures/verdicts", json=given(polygon=2, geometry=one["geometry"])).json()
        assert answer["changed"][0]["area"] == pytest.approx(400, abs=0.2)  # of coordinates to a hundredth of a pixel
    stored = gpd.read_file(picture_result / "change.gpkg", layer="edited").geometry[0]
    assert stored.bounds == pytest.approx((50, 4, 70, 24), abs=0.02)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (given(polygon=99), 422),
        (given(status="right"), 422),
        (given(by=""), 422),
        (given(by="  "), 422),
        (given(comment="x" * 3000), 422),
        (given(geometry={"type": "Point", "coordinates": [0, 0]}), 422),
        (given(geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}), 422),
        (given(geometry={"type": "Polygon", "coordinates": "x"}), 422),
        (given(geometry={"type": "Polygon", "coordinates": [[[500, 95], [501, 95], [501, 96], [500, 95]]]}), 422),
        (given(geometry={}), 422),
        (given(polygon=2**70), 422),
    ],
)
def test_what_is_no_verdict_is_one_line(client: "TestClient", result: Path, body: dict, status: int) -> None:
    answer = client.post(ADDRESS, json=body)
    assert answer.status_code == status
    assert "\n" not in answer.json()["detail"]
    assert Verdicts(result).revision == 0


def test_unknown_results_are_404(client: "TestClient") -> None:
    assert client.get("/api/results/none/verdicts").status_code == 404
    assert client.post("/api/results/none/verdicts", json=given()).status_code == 404


def test_an_end_writes_what_is_left(result: Path) -> None:
    for client in client_of(result):
        client.post(ADDRESS, json=given())
    said = json.loads((result / "summary.json").read_text(encoding="utf-8"))["review"]
    assert said["accepted"]["places"] == 1
