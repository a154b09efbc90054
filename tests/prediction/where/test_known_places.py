"""Concessions and known mines: where what changed lies, and what has to be surer there."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from fixtures.scene_files import noise, write_geotiff, write_polygons
from minenetcd.errors import OptionError
from minenetcd.geo.grid import WGS84
from minenetcd.prediction.formats.summary import summary_schema
from prediction.where.conftest import FAINT, GRID, SMALL, Images, call, layer, on_grid, places, predicted


def test_change_by_concession(images: Images, tmp_path: Path) -> None:
    with predicted(images, **places(tmp_path)) as found:
        frame, areas = found.polygons, found.where.concessions
    assert frame["lease"].fillna("").tolist() == ["West", "East", ""] and frame["id"].tolist() == [1, 2, 3]
    assert frame["lease_status"].tolist() == ["crosses", "crosses", "outside"]
    assert areas is not None and areas.names == ("West", "East") and areas.polygons == (1, 1)
    assert areas.hectares == pytest.approx((12, 4), rel=2e-3)
    assert areas.outside == pytest.approx(frame["area_ha"].sum() - sum(areas.hectares), rel=1e-6)


def test_concessions_that_overlap_or_touch(images: Images, tmp_path: Path) -> None:
    """A place in two of them lies outside of none, is named by the one with more of it, and counts in both."""
    shapes = on_grid(0, 0, 60, 80), on_grid(60, 0, 120, 80), on_grid(90, 0, 120, 80), on_grid(10, 140, 50, 160)
    rows = layer(tmp_path / "rows.gpkg", *shapes)
    with predicted(images, leases=rows) as found:
        frame, areas = found.polygons, found.where.concessions
    assert frame["lease"].tolist()[0] == "2" and frame["lease_status"].tolist() == ["within", "outside", "within"]
    assert frame["lease"].tolist()[2] == "4" and areas is not None
    assert areas.hectares == pytest.approx((8, 16, 4, 0.6), rel=2e-3)
    assert areas.outside == pytest.approx(12, rel=2e-3)


def test_the_column_with_the_names(images: Images, tmp_path: Path) -> None:
    shapes = on_grid(30, 0, 120, 200), on_grid(0, 140, 60, 200)
    file = layer(tmp_path / "leases.gpkg", *shapes, ID=[7, 8], holder=["A & <B>", None])
    for options, names in (({}, ["7", "8"]), ({"lease_name": "holder"}, ["A & <B>", "2"])):
        with predicted(images, leases=file, **options) as found:
            assert list(found.where.concessions.names) == names
    with pytest.raises(OptionError, match=r"A column 'owner' is needed .*\(--lease-name\), it has ID, holder"):
        predicted(images, leases=file, lease_name="owner")


def test_distances_to_known_mines_are_geodesics(images: Images, tmp_path: Path) -> None:
    mine = on_grid(130, 30, 140, 50)
    with predicted(images, prior=layer(tmp_path / "mines.geojson", mine, on_grid(255, 115, 270, 130))) as found:
        metres = found.polygons["distance_m"].tolist()
    assert metres[1] == 0  # it touches one
    between = GRID.to_degrees(np.array([401_000.0, 401_300.0]), np.array([5_599_600.0, 5_599_600.0]))
    _, _, wanted = WGS84.inv(between[0][0], between[1][0], between[0][1], between[1][1])
    assert metres[0] == pytest.approx(wanted, abs=0.01) and 299 < wanted < 301


def test_the_nearest_mine_may_lie_on_another_continent(images: Images, tmp_path: Path) -> None:
    far = [shapely.box(x, y, x + 0.1, y + 0.1) for x, y in ((-70, -30), (30, -10), (151, -33))]
    path = write_polygons(tmp_path / "far.geojson", far, 4326)
    with predicted(images, prior=str(path), isolated_threshold=0.7) as found:
        place = found.polygons.representative_point().to_crs(4326)[0]
        metres = found.polygons["distance_m"][0]
    _, _, wanted = WGS84.inv(place.x, place.y, 30.05, -9.9)  # its northern edge
    assert metres == pytest.approx(wanted, rel=1e-3)


def test_isolated_change_has_to_be_surer(images: Images, tmp_path: Path) -> None:
    known = places(tmp_path)
    with predicted(images, **known) as found:  # the usual threshold is 0.5, that of isolated change 0.75
        assert found.polygons["distance_m"].iloc[0] == 0 and len(found.polygons) == 3
    known["prior_distance"] = 100.0
    with predicted(images, tmp_path / "out", **known) as found:
        assert len(found.polygons) == 1 and not found.mask[SMALL].any() and not found.mask[FAINT].any()
        assert found.where.isolated is not None and found.where.isolated.dropped == 2
        assert found.changed_pixels == 40 * 60
    page = (tmp_path / "out" / "report.html").read_text()
    assert "2 changes farther than 100 m from any known mine left out, without a pixel of 0.75 or more" in page
    with predicted(images, **known, isolated_threshold=0.7) as found:
        assert found.polygons["id"].tolist() == [1, 2] and found.mask[SMALL].all() and not found.mask[FAINT].any()
    with pytest.raises(
        OptionError, match=r"of the usual 0\.5 or more \(--isolated-threshold\), got 0\.3: raise it, or leave it out\."
    ):
        predicted(images, **known, isolated_threshold=0.3)


def test_columns_stand_in_the_files_only_where_asked_for(images: Images, tmp_path: Path) -> None:
    predicted(images, tmp_path / "plain").close()
    predicted(images, tmp_path / "out", also=("parquet",), **places(tmp_path)).close()
    asked = {"lease", "lease_status", "distance_m"}
    assert not asked & {*gpd.read_file(tmp_path / "plain" / "change.gpkg").columns}
    for name in ("change.gpkg", "change.parquet"):
        frame = (
            gpd.read_parquet(tmp_path / "out" / name) if "parquet" in name else gpd.read_file(tmp_path / "out" / name)
        )
        assert asked <= {*frame.columns} and frame["lease_status"].tolist() == ["crosses", "crosses", "outside"]
    pages = [(tmp_path / folder / "report.html").read_text() for folder in ("plain", "out")]
    for words in ("<h2>Concessions</h2>", "m to a known mine", "In no concession", "leases.gpkg: 2 concessions"):
        assert words not in pages[0] and words in pages[1]


def test_the_command_says_the_same(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = places(tmp_path)
    area = layer(tmp_path / "aoi.geojson", on_grid(0, 0, 120, 200))
    noisy = [write_geotiff(tmp_path / f"{seed}.tif", noise(GRID, seed), GRID) for seed in (1, 2)]
    words = ["predict", *map(str, noisy), "--model", "cva", "--out", str(tmp_path / "out")]
    called = call(monkeypatch)
    for option in ("leases", "prior"):
        words += [f"--{option}", known[option]]
    assert called([*words, "--aoi", area, "--prior-distance", "100", "--isolated-threshold", "0.9", "--json"]) == 0
    where = json.loads(capsys.readouterr().out)["where"]
    assert where["area_of_interest"] == area
    assert where["concessions"]["source"].endswith("leases.gpkg: 2 concessions here")
    assert where["known_mines"]["source"].endswith("mines.geojson: 1 area")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["where"] == where
    pytest.importorskip("jsonschema").validate(summary, json.loads(summary_schema()))
    assert {"name", "hectares", "places"} == where["concessions"]["inside"][0].keys()
    assert where["isolated"]["threshold"] == 0.9
    assert called([*words, "--aoi", str(tmp_path / "none.gpkg")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
