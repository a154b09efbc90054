"""Windows of an image are read as they are stored, and files that cannot be used are told."""

import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.windows import Window

from geo.conftest import MakeGrid, WriteImage, read_all, whole
from minenetcd.errors import GridError, OptionError, RasterError
from minenetcd.geo.grid import Grid, Plane
from minenetcd.geo.metadata.acquired import acquired
from minenetcd.geo.metadata.stated import NOTHING_STATED
from minenetcd.geo.raster import Raster


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_pixels_are_read_as_stored(write_image: WriteImage, utm: MakeGrid, dtype: str) -> None:
    pixels = (np.random.default_rng(2).random((17, 23, 4)) * 200).astype(dtype)
    path = write_image("image.tif", pixels, utm(17, 23), photometric="MINISBLACK")
    with Raster.open(path) as raster:
        assert (raster.dtype, raster.bands, raster.date) == (np.dtype(dtype), (1, 2, 3), None)
        assert raster.grid.matches(utm(17, 23))
        read, valid = raster.read(whole(raster.grid))
    assert read.dtype == raster.dtype
    assert np.array_equal(read, pixels[..., :3])
    assert valid.all()


@pytest.mark.parametrize("bands", [(4, 3, 2), (1, 1, 1), (2,), (1, 2, 3, 4)])
def test_bands_come_in_the_order_asked_for(write_image: WriteImage, bands: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(3).integers(0, 9999, (19, 16, 4), dtype=np.uint16)
    read, _ = read_all(write_image("image.tif", pixels), bands=bands)
    assert np.array_equal(read, pixels[..., [band - 1 for band in bands]])


@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_windows_tile_to_the_whole(write_image: WriteImage, utm: MakeGrid, data: st.DataObject) -> None:
    pixels = np.random.default_rng(4).integers(0, 3, (61, 83, 3), dtype=np.uint8)
    path = write_image("image.tif", pixels, utm(61, 83), nodata=0)
    rows = sorted({0, 61, *data.draw(st.lists(st.integers(1, 60), max_size=4))})
    cols = sorted({0, 83, *data.draw(st.lists(st.integers(1, 82), max_size=4))})
    with Raster.open(path) as raster:
        parts = [
            [raster.read(Window(left, top, right - left, bottom - top)) for left, right in pairwise(cols)]
            for top, bottom in pairwise(rows)
        ]
    joined, joined_valid = (np.vstack([np.hstack([part[i] for part in row]) for row in parts]) for i in (0, 1))
    assert np.array_equal(joined, pixels)
    assert np.array_equal(joined_valid, (pixels > 0).all(axis=-1))


@pytest.mark.parametrize("name", ["image.png", "image.tif"])
def test_a_palette_becomes_colours(write_image: WriteImage, name: str) -> None:
    classes = np.random.default_rng(5).integers(0, 3, (17, 23, 1), dtype=np.uint8)
    colours = {0: (10, 20, 30, 255), 1: (255, 0, 127, 255), 2: (1, 2, 3, 255)}
    path = write_image(name, classes, colours=colours)
    with Raster.open(path) as raster:
        assert (raster.bands, raster.dtype) == ((1, 2, 3), np.uint8)
    pixels, valid = read_all(path)
    assert np.array_equal(pixels, np.array([colours[i][:3] for i in range(3)], dtype=np.uint8)[classes[..., 0]])
    assert valid.all()
    assert np.array_equal(read_all(path, bands=(3, 2, 1))[0], pixels[..., ::-1])
    assert np.array_equal(read_all(path, bands=(1,))[0], classes)


def test_read_small_averages_valid_pixels_only(write_image: WriteImage, utm: MakeGrid) -> None:
    pixels = np.full((200, 300, 3), 100, dtype=np.uint8)
    pixels[:, ::3] = 0
    with Raster.open(write_image("image.tif", pixels, utm(200, 300), nodata=0)) as raster:
        small, valid = raster.read_small(30)
        same, _ = raster.read_small(5000)
    assert small.shape == (20, 30, 3)
    assert valid.any()
    assert (small[valid] == 100).all()
    assert np.array_equal(same, pixels)


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_bands_say_how_to_repeat_one(write_image: WriteImage, count: int) -> None:
    path = write_image("image.tif", np.ones((16, 16, count), dtype=np.uint8))
    expected = {1: "--bands 1,1,1", 2: "--bands 1,2,2"}[count]
    with pytest.raises(RasterError, match=f"Three bands are needed, got {count} .*{expected}"):
        Raster.open(path)


@pytest.mark.parametrize("bands", [(1, 2, 9), (0, 1, 2), ()])
def test_missing_band_numbers_name_the_range(write_image: WriteImage, bands: tuple[int, ...]) -> None:
    path = write_image("image.tif", np.ones((16, 16, 4), dtype=np.uint8))
    with pytest.raises(OptionError, match="must lie in 1 to 4"):
        Raster.open(path, bands=bands)


def test_complex_pixels_are_refused(write_image: WriteImage) -> None:
    with pytest.raises(RasterError, match="Real numbers are needed, got complex64"):
        Raster.open(write_image("image.tif", np.ones((16, 16, 3), dtype=np.complex64)))


def test_missing_files_and_other_files_are_told_apart(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    with pytest.raises(RasterError, match=r"There is no file .*absent.tif: check the path"):
        Raster.open(tmp_path / "absent.tif")
    with pytest.raises(RasterError, match="cannot be opened as an image"):
        Raster.open(text)
    with pytest.raises(RasterError, match=r"An image is needed, got .*, which holds none"):
        Raster.open(tmp_path)


@pytest.mark.parametrize("fraction", [0.2, 0.7, 0.98])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("image.png", {}),
        ("image.jpg", {}),
        ("image.jpg", {"PROGRESSIVE": "ON"}),
        ("image.tif", {}),
        ("image.tif", {"compress": "deflate", "tiled": True, "blockxsize": 64, "blockysize": 64}),
        ("image.tif", {"compress": "jpeg", "photometric": "ycbcr"}),
    ],
)
def test_truncated_files_fail_loudly(
    write_image: WriteImage, name: str, options: dict[str, str | int], fraction: float
) -> None:
    pixels = np.random.default_rng(6).integers(0, 255, (190, 210, 3), dtype=np.uint8)
    path = write_image(name, pixels, **options)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(RasterError, match=r"truncated or damaged|cannot be opened") as caught:
        read_all(path)
    assert "\n" not in str(caught.value)


def test_a_damaged_png_fails_loudly(write_image: WriteImage, picture: NDArray) -> None:
    path = write_image("image.png", picture)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(RasterError, match="truncated or damaged"):
        read_all(path)


def test_a_crs_without_transform_is_a_picture_and_the_reverse_a_plane(write_image: WriteImage, utm: MakeGrid) -> None:
    pixels = np.ones((16, 16, 3), dtype=np.uint8)
    with Raster.open(write_image("image.tif", pixels, Grid(16, 16, Affine.identity(), utm(16, 16).crs))) as raster:
        assert raster.grid == Grid(16, 16, Affine.identity(), None)
    placed = Grid(16, 16, utm(16, 16).transform, None)
    with Raster.open(write_image("image.tif", pixels, placed)) as raster:
        assert raster.grid == replace(placed, plane=Plane())


def test_ground_control_points_ask_for_rectification(tmp_path: Path) -> None:
    path = tmp_path / "gcp.tif"
    points = [GroundControlPoint(row, col, 10 + col, 50 - row) for row, col in ((0, 0), (0, 15), (15, 0), (15, 15))]
    with rasterio.open(
        path, "w", driver="GTiff", height=16, width=16, count=3, dtype="uint8", gcps=points, crs="EPSG:4326"
    ) as dataset:
        dataset.write(np.ones((3, 16, 16), dtype=np.uint8))
    with pytest.raises(RasterError, match="only ground control points: rectify it first"):
        Raster.open(path)


@pytest.mark.parametrize(
    ("tags", "date"),
    [
        ({"EXIF_DateTimeOriginal": "2003:02:06 10:20:30"}, "2003-02-06T10:20:30"),
        ({"TIFFTAG_DATETIME": "2003:02:06 10:20:30"}, None),
        ({"datetime": "2003-02-06T10:20:30Z"}, "2003-02-06T10:20:30+00:00"),
        ({"TIFFTAG_DATETIME": "2024:01:01 00:00:00", "DATE_ACQUIRED": "2003-02-06"}, "2003-02-06"),
        ({"ACQUISITIONDATETIME": "2019-02-13 05:01:02+00"}, "2019-02-13T05:01:02+00:00"),
        ({"SENSING_TIME": "2019-02-13T05:01:02.5Z"}, "2019-02-13T05:01:02.500000+00:00"),
        ({"ACQUISITION_DATE": "20190213"}, "2019-02-13"),
        ({"ACQUISITION_DATE": "13 February"}, None),
        ({"ACQUISITION_DATE": "2019-13-45"}, None),
        ({}, None),
    ],
)
def test_dates_become_iso(tags: dict[str, str], date: str | None) -> None:
    assert acquired(tags, "image.tif", NOTHING_STATED).date == date


def test_the_date_is_read_from_the_file(write_image: WriteImage, picture: NDArray) -> None:
    with Raster.open(write_image("image.tif", picture, tags={"ACQUISITION_DATE": "2020-04-28"})) as raster:
        assert raster.date == "2020-04-28"


def test_reading_a_picture_warns_of_nothing(write_image: WriteImage, picture: NDArray) -> None:
    path = write_image("image.png", picture)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_all(path)


def test_a_window_outside_is_refused(write_image: WriteImage, picture: NDArray) -> None:
    with Raster.open(write_image("image.png", picture)) as raster, pytest.raises(GridError, match="clip it"):
        raster.read(Window(0, 0, 54, 37))


def test_reference_images_match_rasterio(real_images: Path) -> None:
    for name in ("RGB.byte.tif", "RGBA.uint16.tif", "landsat7_juelich.tif"):
        pixels, valid = read_all(real_images / "single_geotiff" / name)
        with rasterio.open(real_images / "single_geotiff" / name) as dataset:
            assert np.array_equal(pixels, np.moveaxis(dataset.read((1, 2, 3)), 0, -1))
            assert np.array_equal(valid, (dataset.read_masks((1, 2, 3)) > 0).all(axis=0))
