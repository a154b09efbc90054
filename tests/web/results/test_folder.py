"""Results of real predictions, as a page is told of them, and their tiles."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from rasterio.crs import CRS
from rasterio.warp import Resampling, reproject

from fixtures.scene_files import UTM33, utm_grid, write_geotiff
from minenetcd.errors import InputError
from minenetcd.geo.grid import Grid
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from minenetcd.web.results.folder import ResultFolder, short_name
from minenetcd.web.results.layers import nothing
from minenetcd.web.results.placement import Tile
from prediction.stand_in import Difference

GRID = utm_grid(200, 240)


def ground(grid: Grid, seed: int = 3) -> NDArray[np.uint8]:
    """Something to see and to correlate: (H, W, 3), 20 to 120."""
    noise = np.random.default_rng(seed).uniform(size=(grid.height // 4 + 1, grid.width // 4 + 1, 3))
    large = noise.repeat(4, axis=0).repeat(4, axis=1)[: grid.height, : grid.width]
    return np.rint(20 + 100 * large).astype(np.uint8)


def predicted(folder: Path, before: Path, after: Path, **options: object) -> Path:
    predict_scene(Difference(), before, after, folder, options=PredictOptions(**options)).close()
    return folder


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    before = ground(GRID)
    after = before.copy()
    after[50:90, 60:140] = 230
    tags = [{"ACQUISITIONDATETIME": day} for day in ("2019-06-02T10:00:00", "2023-07-01T10:00:00")]
    return (
        write_geotiff(tmp_path / "2019.tif", before, GRID, tags=tags[0]),
        write_geotiff(tmp_path / "2023.tif", after, GRID, tags=tags[1]),
    )


@pytest.fixture
def result(tmp_path: Path, images: tuple[Path, Path]) -> Path:
    return predicted(tmp_path / "change", *images)


def described(result: ResultFolder) -> dict:
    found = result.description("one", tiles=lambda layer: f"tiles/{layer}/{{z}}/{{x}}/{{y}}", polygons="polygons")
    return json.loads(found.model_dump_json())


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.array(Image.open(io.BytesIO(png)).convert("RGBA"))


def at(result: ResultFolder, layer: str, column: float, row: float) -> NDArray[np.uint8]:
    """Red, green, blue, alpha of a layer at a pixel of the result, in its deepest tiles."""
    placement = result.placement
    longitude, latitude = placement.to_degrees(np.array([column + 0.5]), np.array([row + 0.5]))
    for tile in placement.tiles(placement.maxzoom):
        box = tile.grid.bounds_degrees
        if box.left <= longitude[0] < box.right and box.bottom <= latitude[0] < box.top:
            shown = pixels(result.layers.by_name[layer].tile(tile))
            y = (np.arcsinh(np.tan(np.radians([box.top, latitude[0], box.bottom])))).tolist()
            x = (longitude[0] - box.left) / (box.right - box.left)
            return shown[int((y[0] - y[1]) / (y[0] - y[2]) * 256), int(x * 256)]
    raise AssertionError("no tile holds that pixel")


def test_a_description_says_what_the_report_says(result: Path) -> None:
    with ResultFolder.read(result) as opened:
        found, summary = described(opened), json.loads((result / "summary.json").read_text())
    assert found["title"] == "2019.tif to 2023.tif"
    assert [(date["role"], date["label"], date["layer"]) for date in found["dates"]] == [
        ("before", "2019-06-02", "before"),
        ("after", "2023-07-01", "after"),
    ]
    assert found["hectares"] == summary["hectares"]["changed"] > 0
    assert found["changed_pixels"] == summary["pixels"]["changed"]
    assert (found["places"], found["unit"], found["georeferenced"]) == (summary["places"], "ha", True)
    assert set(found["layers"]) == {"before", "after", "probability"}
    assert found["layers"]["before"]["tiles"] == "tiles/before/{z}/{x}/{y}"
    assert found["second_opinion"] is None and not found["reviewable"]


def test_tiles_show_both_dates_by_one_stretch_and_the_probability(result: Path) -> None:
    with ResultFolder.read(result) as opened:
        same = at(opened, "before", 20, 150), at(opened, "after", 20, 150)
        np.testing.assert_array_equal(*same)
        assert same[0][3] == 255
        assert (at(opened, "after", 100, 70)[:3] >= 250).all()  # the brightest of both
        assert at(opened, "probability", 100, 70)[0] > 127 > at(opened, "probability", 20, 150)[0]
        assert at(opened, "probability", 20, 150)[3] == 255


def test_beyond_the_image_nothing_is_seen(result: Path) -> None:
    with ResultFolder.read(result) as opened:
        for name, layer in opened.layers.by_name.items():
            for tile in (Tile(3, 0, 0), Tile(50, 0, 0), Tile(2, 7, -1)):
                assert layer.tile(tile) == nothing() and layer.is_empty(tile), name
            edge = pixels(layer.tile(next(opened.placement.tiles(opened.placement.minzoom))))
            assert 0 < np.count_nonzero(edge[..., 3]) < edge[..., 3].size


def test_polygons_lie_where_the_tiles_show_change(result: Path) -> None:
    with ResultFolder.read(result) as opened:
        found = json.loads(opened.geojson())
        frame = opened.polygons()
        corners = np.array(found["features"][0]["geometry"]["coordinates"][0][0])
        columns, rows = opened.placement.to_pixels(*corners.T)
    assert [feature["id"] for feature in found["features"]] == list(frame["id"])
    np.testing.assert_allclose([columns.min(), columns.max(), rows.min(), rows.max()], [60, 140, 50, 90], atol=0.01)
    assert found["features"][0]["properties"]["date_before"] == "2019-06-02"
    assert "geometry" not in found["features"][0]["properties"]


def test_a_displaced_image_is_moved_back_where_the_map_was_made_so(tmp_path: Path) -> None:
    before = ground(GRID, seed=5)
    after = np.roll(before, (3, 5), axis=(0, 1))
    after[50:90, 60:140] = 230
    images = write_geotiff(tmp_path / "b.tif", before, GRID), write_geotiff(tmp_path / "a.tif", after, GRID)
    for coregister, is_alike in ((True, True), (False, False)):
        with ResultFolder.read(predicted(tmp_path / f"out{coregister}", *images, coregister=coregister)) as opened:
            places = [(30, 120), (170, 40), (200, 150), (40, 180)]
            differences = [
                np.abs(at(opened, "before", *place).astype(int) - at(opened, "after", *place)).max() for place in places
            ]
        assert (max(differences) < 12) == is_alike


def test_an_image_in_another_crs_is_moved_back_too(tmp_path: Path) -> None:
    before = ground(GRID, seed=5)
    after = np.roll(before, (3, 5), axis=(0, 1))
    degrees = Grid(240, 300, _degrees_transform(GRID, 240, 300), CRS.from_epsg(4326))
    warped = np.zeros((3, 240, 300), np.uint8)
    reproject(
        np.moveaxis(after, -1, 0), warped, src_transform=GRID.transform, src_crs=UTM33,
        dst_transform=degrees.transform, dst_crs=degrees.crs, resampling=Resampling.bilinear,
    )  # fmt: skip
    images = (
        write_geotiff(tmp_path / "b.tif", before, GRID),
        write_geotiff(tmp_path / "a.tif", np.moveaxis(warped, 0, -1), degrees, nodata=0),
    )
    with ResultFolder.read(predicted(tmp_path / "out", *images, coregister=True)) as opened:
        places = [(30, 120), (170, 40), (200, 150), (40, 180)]
        apart = [np.abs(at(opened, "before", *p).astype(int) - at(opened, "after", *p)).max() for p in places]
    assert np.median(apart) < 30


def _degrees_transform(grid: Grid, height: int, width: int) -> Affine:
    box = grid.bounds_degrees
    return Affine((box.right - box.left) / width, 0, box.left, 0, (box.bottom - box.top) / height, box.top)


def test_a_result_whose_images_are_gone_is_shown_without_them(result: Path, images: tuple[Path, Path]) -> None:
    images[1].unlink()
    with ResultFolder.read(result) as opened:
        found = described(opened)
        assert set(found["layers"]) == {"probability"}
        assert any("2023.tif is not there" in warning for warning in found["warnings"])
        assert json.loads(opened.geojson())["features"]


@pytest.mark.parametrize("place", ["in the folder", "beside it"])
def test_images_are_found_where_they_were_moved_with_the_result(
    result: Path, images: tuple[Path, Path], tmp_path: Path, place: str
) -> None:
    moved = tmp_path / "elsewhere" / "change"
    moved.parent.mkdir()
    result.rename(moved)
    for image in images:
        image.rename((moved if place == "in the folder" else moved.parent) / image.name)
    with ResultFolder.read(moved) as opened:
        assert set(described(opened)["layers"]) == {"before", "after", "probability"}


def test_another_file_of_the_name_is_not_taken_for_a_moved_image(
    result: Path, images: tuple[Path, Path], tmp_path: Path
) -> None:
    write_geotiff(result / images[0].name, ground(GRID, seed=9), GRID)
    images[0].unlink()
    with ResultFolder.read(result) as opened:
        assert set(described(opened)["layers"]) == {"probability"}


def test_an_image_that_was_changed_is_not_shown_as_that_of_the_map(result: Path, images: tuple[Path, Path]) -> None:
    write_geotiff(images[0], ground(GRID, seed=9), GRID)
    with ResultFolder.read(result) as opened:
        found = described(opened)
    assert set(found["layers"]) == {"probability"}
    assert any("was changed since then" in warning for warning in found["warnings"])


def test_pictures_without_a_place_are_shown_in_pixels(tmp_path: Path) -> None:
    before = ground(GRID)
    after = before.copy()
    after[50:90, 60:140] = 230
    for name, image in (("b.png", before), ("a.png", after)):
        Image.fromarray(image).save(tmp_path / name)
    with ResultFolder.read(predicted(tmp_path / "out", tmp_path / "b.png", tmp_path / "a.png")) as opened:
        found, polygons = described(opened), json.loads(opened.geojson())
        assert (found["georeferenced"], found["unit"], found["hectares"]) == (False, "px", None)
        assert 2000 < found["changed_pixels"] <= 40 * 80 and found["metres_per_pixel"] is None
        assert (at(opened, "after", 100, 70)[:3] >= 250).all()
        assert opened.can_be_reviewed  # in a GeoPackage, which the first verdict makes
        corners = np.array(polygons["features"][0]["geometry"]["coordinates"][0][0])
        columns, rows = opened.placement.to_pixels(*corners.T)
    np.testing.assert_allclose([columns.min(), columns.max(), rows.min(), rows.max()], [60, 140, 50, 90], atol=0.1)


def test_a_second_opinion_and_a_float_probability_are_layers(tmp_path: Path, images: tuple[Path, Path]) -> None:
    second = Difference(threshold=0.3, name="second")
    folder, options = tmp_path / "out", PredictOptions(float_probability=True)
    predict_scene(Difference(), *images, folder, options=options, second=second).close()
    with ResultFolder.read(folder) as opened:
        assert described(opened)["second_opinion"] == "second"
        assert at(opened, "second", 100, 70)[0] == 254 and at(opened, "second", 20, 150)[0] == 0
        assert at(opened, "probability", 100, 70)[0] > 127 > at(opened, "probability", 20, 150)[0]


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="A finished result is needed"):
        ResultFolder.read(tmp_path)
    with pytest.raises(InputError, match="there is no folder"):
        ResultFolder.read(tmp_path / "none")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("/data/S2A_MSIL2A_20200629.SAFE/", "S2A_MSIL2A_20200629.SAFE"),
        ("B04.tif,B03.tif,B02.tif", "B04.tif and 2 more"),
        ("https://host/folder/scene.tif", "scene.tif"),
        ("x" * 80, "x" * 59 + "…"),
    ],
)
def test_people_call_an_image_by_its_file(source: str, name: str) -> None:
    assert short_name(source) == name
