"""The files: they agree with each other, keep the before image's grid, and appear all or none."""

from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import rasterio
from geopandas import GeoDataFrame, read_file, read_parquet
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from rio_cogeo import cog_validate

from fixtures.scene_files import utm_grid
from minenetcd.errors import OptionError, OutputError, OutputPathError, SizeError, UnknownNameError
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.tracing import burn
from minenetcd.geo.source import quiet_gdal
from minenetcd.prediction import result
from minenetcd.prediction.formats import writing
from minenetcd.prediction.rasters import scene_rasters
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.prediction.result import ScenePrediction
from minenetcd.prediction.scene import PredictOptions, predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

MEASURES = ["confidence_mean", "confidence_p10", "valid_fraction", "touches_nodata"]
COLUMNS = ["id", "area_ha", "perimeter_m", *MEASURES, "model", "threshold", "source_before", "source_after"]
UNKNOWN_MAYBE = ("date_before", "date_after", "agreement")
SITES = ((slice(10, 50), slice(20, 80), 200), (slice(60, 64), slice(5, 9), 250), (slice(80, 81), slice(100, 101), 180))


def two_dates(*, gap: bool = True) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Three changed rectangles of 2400, 16 and 1 pixels; with `gap`, part of the second date has no data (0)."""
    before = np.full((101, 131), 20, np.uint8)
    after = np.full((101, 131), 60, np.uint8)
    for rows, cols, value in SITES:
        after[rows, cols] = value
    if gap:
        after[30:34, 60:131] = 0
    return before, after


@pytest.fixture
def found(write_scene: WriteScene) -> ScenePrediction:
    return analyse(write_scene)


def analyse(write_scene: WriteScene, grid: Grid | None = None, **options: Any) -> ScenePrediction:
    before, after = two_dates()
    grid = utm_grid(*before.shape) if grid is None else grid
    paths = (
        write_scene("before.tif", before, grid, tags={"ACQUISITION_DATE": "2019-05-04"}),
        write_scene("after.tif", after, grid, nodata=0, tags={"ACQUISITION_DATE": "2023-06-07T10:20:30"}),
    )
    return predict_scene(Difference(), *paths, options=PredictOptions(**options))


def read(path: Path) -> NDArray:
    with quiet_gdal(), rasterio.open(path) as dataset:
        return dataset.read(1)


@pytest.mark.parametrize("float_probability", [False, True])
def test_rasters_are_cloud_optimised_on_the_before_grid(
    write_scene: WriteScene, tmp_path: Path, float_probability: bool
) -> None:
    found = analyse(write_scene, float_probability=float_probability)
    saved = found.save(tmp_path / "out")
    for path in (saved.raster, saved.probability):
        valid, errors, _ = cog_validate(path, strict=True, quiet=True)
        assert valid, errors
        with rasterio.open(path) as dataset:
            assert Grid(dataset.height, dataset.width, dataset.transform, dataset.crs) == utm_grid(101, 131)
            tags = dataset.tags()
        assert tags["MODEL"] == "difference" and tags["THRESHOLD"] == "0.5" and tags["SOFTWARE"].startswith("minenetcd")
        assert tags["SOURCE_BEFORE"].endswith("before.tif") and tags["DATE_AFTER"] == "2023-06-07T10:20:30"
    with rasterio.open(saved.raster) as dataset:
        assert (dataset.dtypes, dataset.nodata) == (("uint8",), 255)
        assert dataset.colormap(1)[1] == scene_rasters.COLOURS[1]
    with rasterio.open(saved.probability) as dataset:
        assert dataset.dtypes == ("float32" if float_probability else "uint8",)
        assert np.isnan(dataset.nodata) if float_probability else dataset.nodata == 255
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in saved)


@pytest.mark.parametrize("float_probability", [False, True])
def test_raster_probability_and_polygons_agree(
    write_scene: WriteScene, tmp_path: Path, float_probability: bool
) -> None:
    found = analyse(write_scene, float_probability=float_probability)
    saved = found.save(tmp_path / "out")
    stored, mask = read(saved.probability), read(saved.raster)
    probability = found.probability
    decoded = stored if float_probability else np.where(stored == 255, np.nan, stored / np.float32(254))
    np.testing.assert_array_equal(probability, decoded.astype(np.float32))
    assert np.array_equal(mask, np.where(np.isnan(probability), 255, probability >= 0.5))
    assert np.array_equal(mask, found.mask)
    frame = read_file(saved.vector, layer="change")
    assert np.array_equal(burn(frame, found.grid), mask == 1)
    assert frame["area_ha"].sum() == pytest.approx(found.hectares, rel=1e-6)
    assert found.changed_pixels == np.count_nonzero(mask == 1)
    assert found.valid_pixels == np.count_nonzero(mask != 255) == 101 * 131 - 4 * 71


def test_polygons_have_exactly_the_promised_columns(found: ScenePrediction, tmp_path: Path) -> None:
    saved = found.save(tmp_path / "out")
    frame = read_file(saved.vector, layer="change")
    assert list(frame.columns) == [*COLUMNS, *UNKNOWN_MAYBE, "geometry"]
    assert frame.crs == found.grid.crs
    assert frame["id"].tolist() == [1, 2, 3]
    assert frame["area_ha"].tolist() == pytest.approx([24 - 0.8, 0.16, 0.01], rel=2e-3)
    assert set(frame["model"]) == {"difference"} and set(frame["threshold"]) == {0.5}
    assert pyogrio.read_info(saved.vector, layer="change")["dtypes"][-3:].tolist() == [
        "datetime64[D]",
        "datetime64[D]",
        "float64",
    ]
    assert str(frame["date_before"][0]).startswith("2019-05-04")
    assert frame["source_after"][0].endswith("after.tif")


def test_undated_images_have_the_same_columns_without_dates(write_scene: WriteScene, tmp_path: Path) -> None:
    before, after = two_dates()
    grid = utm_grid(*before.shape)
    saved = predict_scene(
        Difference(), write_scene("b.tif", before, grid), write_scene("a.tif", after, grid), tmp_path / "out"
    ).saved
    frame = read_file(saved.vector, layer="change")
    assert list(frame.columns) == [*COLUMNS, *UNKNOWN_MAYBE, "geometry"]
    assert frame[list(UNKNOWN_MAYBE)].isna().all(axis=None)
    assert pyogrio.read_info(saved.vector, layer="change")["dtypes"][-3:].tolist() == [
        "datetime64[D]",
        "datetime64[D]",
        "float64",
    ]


@pytest.mark.parametrize("rows", [7, 512])
def test_confidence_is_the_mean_over_the_polygons_pixels(
    write_scene: WriteScene, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(scene_rasters, "MOST_ROWS", rows)
    found = analyse(write_scene)
    probability = found.probability
    for shape, mean in zip(found.polygons.geometry, found.polygons["confidence_mean"], strict=True):
        assert mean == pytest.approx(probability[burn([shape], found.grid)].mean(dtype=float), rel=1e-6)
    assert found.polygons["confidence_mean"].tolist() == pytest.approx([180 / 255, 230 / 255, 160 / 255], abs=2e-3)


@pytest.mark.parametrize("rows", [7, 512])
def test_small_changes_are_left_out_of_frame_and_raster(
    write_scene: WriteScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(scene_rasters, "MOST_ROWS", rows)
    found = analyse(write_scene, min_area_ha=0.1)
    saved = found.save(tmp_path / "out")
    frame, mask = read_file(saved.vector, layer="change"), read(saved.raster)
    assert frame["id"].tolist() == [1, 2] and frame["area_ha"].min() > 0.1
    assert mask[80, 100] == 0 and (mask[60:64, 5:9] == 1).all()
    assert np.array_equal(burn(frame, found.grid), mask == 1)
    assert found.changed_pixels == 2400 - 4 * 20 + 16
    assert found.hectares == pytest.approx(frame["area_ha"].sum(), rel=1e-6)


def test_no_change_is_an_empty_layer(write_scene: WriteScene, tmp_path: Path) -> None:
    found = analyse(write_scene, threshold=0.95)
    saved = found.save(tmp_path / "out")
    assert found.hectares == 0 and found.changed_share == 0
    assert not (read(saved.raster) == 1).any()
    layer = pyogrio.read_info(saved.vector, layer="change")
    assert layer["features"] == 0 and layer["geometry_type"] == "MultiPolygon"
    assert list(layer["fields"]) == [*COLUMNS, *UNKNOWN_MAYBE]


def test_pictures_become_png_and_pixel_coordinates(write_scene: WriteScene, tmp_path: Path) -> None:
    before, after = two_dates(gap=False)
    saved = predict_scene(
        Difference(), write_scene("b.png", before), write_scene("a.png", after), tmp_path / "out"
    ).saved
    assert [path.name for path in saved] == [
        "change.png",
        "probability.png",
        "change.geojson",
        "report.html",
        "details.zip",
        "summary.json",
        "change.qml",
        "probability.qml",
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in saved)
    mask, probability = read(saved.raster), read(saved.probability)
    assert np.array_equal(mask, probability >= 127)
    frame: GeoDataFrame = read_file(saved.vector, layer="change")
    assert list(frame.columns[:4]) == ["id", "area_px", "perimeter_px", "confidence_mean"]
    assert frame["area_px"].tolist() == [2400, 16, 1] and frame["perimeter_px"].tolist() == [200, 16, 4]
    assert tuple(frame.total_bounds) == (5, 10, 101, 81)


def test_float_probability_of_pictures_is_a_tiff(write_scene: WriteScene, tmp_path: Path) -> None:
    before, after = two_dates()
    options = PredictOptions(float_probability=True)
    dates = write_scene("b.png", before), write_scene("a.png", after)
    saved = predict_scene(Difference(), *dates, tmp_path / "out", options=options).saved
    assert saved.probability.name == "probability.tif"
    assert read(saved.probability)[0, 0] == pytest.approx(40 / 255)


def test_further_formats_stand_beside_and_go_with_the_result(write_scene: WriteScene, tmp_path: Path) -> None:
    saved = analyse(write_scene, also=("geojson", "parquet")).save(tmp_path / "out")
    assert {name: path.name for name, path in saved.also.items()} == {
        "geojson": "change.geojson", "parquet": "change.parquet",
    }  # fmt: skip
    polygons = read_file(saved.vector, layer="change")
    assert read_parquet(saved.also["parquet"])["area_ha"].tolist() == polygons["area_ha"].tolist()
    assert read_file(saved.also["geojson"]).crs.to_epsg() == 4326
    analyse(write_scene, also=("geojson", "gpkg")).save(tmp_path / "out")
    names = {path.name for path in saved if path.suffix != ".parquet"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names


def test_a_format_that_is_none_or_fails_is_one_line(write_scene: WriteScene, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no format 'geojsn': did you mean 'geojson'"):
        analyse(write_scene, also=("geojsn",))
    with pytest.raises(OptionError, match=r"got two for change\.parquet"):
        analyse(write_scene, also=("parquet", "parquet"))
    place = f"{writing.__name__}:write_formats"  # takes something else
    with pytest.raises(OutputError, match=r"change\.write_formats could not be written .* \(AttributeError"):
        analyse(write_scene, also=(place,)).save(tmp_path / "out")
    with pytest.raises(OutputError, match=r"'operator:eq' wrote no file change\.eq"):
        analyse(write_scene, also=("operator:eq",)).save(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_saving_again_replaces_each_file_and_touches_no_other(write_scene: WriteScene, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    first = analyse(write_scene).save(out)
    many = np.count_nonzero(read(first.raster) == 1)
    saved = analyse(write_scene, threshold=0.8).save(out)
    assert np.count_nonzero(read(saved.raster) == 1) == 16 < many
    assert len(read_file(saved.vector, layer="change")) == 1
    assert (out / "notes.txt").read_text() == "mine"
    assert len(list(out.iterdir())) == len(list(saved)) + 1


def test_a_result_replaces_no_image(write_scene: WriteScene, tmp_path: Path) -> None:
    images = [write_scene(name, date) for name, date in zip(("change.png", "after.png"), two_dates(), strict=True)]
    before = images[0].read_bytes()
    with pytest.raises(OutputPathError, match=r"change\.png is an input, and a result would replace it"):
        predict_scene(Difference(), *images, tmp_path)
    assert images[0].read_bytes() == before and sorted(tmp_path.iterdir()) == sorted(images)


def test_a_failure_while_saving_keeps_what_was_there(
    write_scene: WriteScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, new = tmp_path / "out", tmp_path / "deep" / "new"
    saved = analyse(write_scene).save(out)
    before = {path: path.read_bytes() for path in saved}
    other = analyse(write_scene, threshold=0.8)

    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(result, "write_report", broken)
    for folder in (out, new):
        with pytest.raises(OutputError, match="No space left on device"):
            other.save(folder)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert not new.parent.exists()


def test_truth_must_have_the_scenes_shape(found: ScenePrediction, tmp_path: Path) -> None:
    with pytest.raises(SizeError, match=r"shape \(101, 131\) is needed, got \(3, 3\)"):
        found.save(tmp_path / "out", truth=np.zeros((3, 3), np.uint8))
    assert not (tmp_path / "out").exists()


@settings(deadline=None)
@given(
    arrays(np.float32, 50, elements=st.floats(0, 1, width=32)),
    st.one_of(st.floats(0.001, 0.999), st.integers(1, 253).map(lambda step: step / 254)),
)
def test_storing_never_crosses_the_threshold(probability: NDArray[np.float32], threshold: float) -> None:
    stored = StoredProbability(threshold)
    steps = stored.encode(probability)
    assert np.array_equal(stored.mask(steps), probability >= np.float32(threshold))
    assert np.array_equal(stored.decode(steps) >= np.float32(threshold), probability >= np.float32(threshold))
    assert np.abs(stored.decode(steps) - probability).max() <= 1.001 / 254
    far = np.abs(probability - threshold) > 1 / 254
    assert np.array_equal(steps[far], np.rint(probability[far] * 254))


def test_no_data_has_its_own_value() -> None:
    probability = np.array([0, 1, np.nan], np.float32)
    assert StoredProbability(0.5).encode(probability).tolist() == [0, 254, 255]
    assert StoredProbability(0.5).mask(np.array([0, 254, 255], np.uint8)).tolist() == [0, 1, 255]
    assert StoredProbability(0.5, as_float=True).mask(probability).tolist() == [0, 1, 255]
