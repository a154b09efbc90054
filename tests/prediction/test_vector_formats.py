"""The polygons in every format: the same places and measures, in the coordinates that the format holds."""

import sys
from pathlib import Path

import numpy as np
import pytest
from geopandas import GeoDataFrame, GeoSeries, read_file, read_parquet
from pandas import read_csv

from fixtures.scene_files import utm_grid
from minenetcd.errors import OptionError
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import SavedPrediction
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

FORMATS = ("geojson", "gpkg", "parquet", "fgb", "shp", "kml", "csv")
IN_DEGREES = ("geojson", "kml")


def predicted(
    write_scene: WriteScene, out: Path, *names: str, also: tuple[str, ...] = FORMATS, threshold: float = 0.5
) -> SavedPrediction:
    before = np.full((60, 80), 20, np.uint8)
    after = before + 40
    after[10:30, 20:50], after[40:44, 60:64] = 200, 170
    b, a = names or ("b.tif", "a.tif")
    grid = utm_grid(60, 80) if b.endswith(".tif") else None
    images = write_scene(b, before, grid, tags={"ACQUISITION_DATE": "2019-05-04"}), write_scene(a, after, grid)
    options = PredictOptions(also=also, threshold=threshold)
    saved = predict_scene(Difference(), *images, out, options=options).saved
    assert saved is not None
    return saved


def opened(path: Path) -> GeoDataFrame:
    return read_parquet(path) if path.suffix == ".parquet" else read_file(path, layer=0)


def test_every_format_holds_the_same_places(write_scene: WriteScene, tmp_path: Path) -> None:
    saved = predicted(write_scene, tmp_path / "out")
    wanted = read_file(saved.vector, layer="change")
    assert len(wanted) == 2 and saved.also["shp"].name == "change.shp.zip"
    for format in set(saved.also) - {"csv"}:
        found = opened(saved.also[format]).sort_values(
            "area_ha", ascending=False, ignore_index=True
        )  # FlatGeobuf: by place
        assert found.crs.to_epsg() == (4326 if format in IN_DEGREES else 32633), format
        assert found["area_ha"].tolist() == pytest.approx(wanted["area_ha"].tolist()), format
        apart = found.to_crs(wanted.crs).symmetric_difference(wanted).area
        assert (apart < 0.01 * wanted.area).all(), format


def test_a_table_holds_measures_and_a_point_inside(write_scene: WriteScene, tmp_path: Path) -> None:
    saved = predicted(write_scene, tmp_path / "out", also=("csv",))
    table, wanted = read_csv(saved.also["csv"]), read_file(saved.vector, layer="change")
    assert table["area_ha"].tolist() == wanted["area_ha"].tolist() and table["date_before"][0] == "2019-05-04"
    points = GeoSeries.from_xy(table["longitude"], table["latitude"], crs=4326)
    assert points.to_crs(wanted.crs).within(wanted).all()


def test_a_table_holds_nothing_that_a_spreadsheet_computes(
    write_scene: WriteScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted(write_scene, tmp_path / "out", "=1+1.tif", "a.tif", also=())
    monkeypatch.chdir(tmp_path)
    options = PredictOptions(also=("csv",))
    saved = predict_scene(Difference(), "=1+1.tif", "a.tif", tmp_path / "other", options=options).saved
    assert saved is not None and read_csv(saved.also["csv"])["source_before"].tolist() == ["'=1+1.tif"] * 2


def test_a_shapefile_keeps_every_column_by_a_name_of_ten_letters(write_scene: WriteScene, tmp_path: Path) -> None:
    saved = predicted(write_scene, tmp_path / "out", also=("shp",))
    columns = list(opened(saved.also["shp"]).columns)
    assert columns == [
        *(
            "id",
            "area_ha",
            "perim_m",
            "conf_mean",
            "conf_p10",
            "valid_frac",
            "at_nodata",
            "model",
            "threshold",
            "src_before",
            "src_after",
        ),
        *("day_before", "day_after", "agreement", "geometry"),
    ]


def test_no_change_is_an_empty_layer_in_every_format(write_scene: WriteScene, tmp_path: Path) -> None:
    saved = predicted(write_scene, tmp_path / "out", threshold=0.99)
    for format in set(saved.also) - {"csv", "kml"}:  # GDAL finds no layer in KML without places
        assert opened(saved.also[format]).empty, format
    assert read_csv(saved.also["csv"]).empty and "Placemark" not in saved.also["kml"].read_text(encoding="utf-8")


def test_pictures_have_pixels_for_coordinates(write_scene: WriteScene, tmp_path: Path) -> None:
    formats = tuple(format for format in FORMATS if format != "kml")
    saved = predicted(write_scene, tmp_path / "out", "b.png", "a.png", also=formats)
    for format in ("fgb", "shp", "gpkg", "parquet"):
        assert opened(saved.also[format]).total_bounds.tolist() == [20, 10, 64, 44], format
    assert read_csv(saved.also["csv"])[["x", "y"]].to_numpy().tolist() == [[35, 20], [62, 42]]


def test_a_format_of_places_on_earth_refuses_a_picture(write_scene: WriteScene, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="kml needs images with a place on Earth, got a picture without CRS: leave"):
        predicted(write_scene, tmp_path / "out", "b.png", "a.png", also=("kml",))
    assert not (tmp_path / "out").exists()


def test_without_the_library_it_is_one_line_before_anything_is_computed(
    write_scene: WriteScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pystac", None)
    with pytest.raises(OptionError, match=r"needs pystac, which is not installed: pip install 'minenetcd\[stac\]'"):
        predicted(write_scene, tmp_path / "out", also=("stac",))
    assert not (tmp_path / "out").exists()
