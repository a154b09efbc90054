"""Rasters appear complete or not at all, in formats that fit."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp
from rasterio.windows import Window
from rio_cogeo.cogeo import cog_validate

from geo.conftest import MakeGrid, read_all, whole
from minenetcd.errors import OptionError, OutputError, SizeError
from minenetcd.files import atomic_path
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter


@pytest.mark.parametrize(("dtype", "bands"), [("uint8", 1), ("uint8", 3), ("uint16", 3), ("float32", 1), ("bool", 1)])
def test_a_written_tif_is_a_valid_cog(tmp_path: Path, utm: MakeGrid, dtype: str, bands: int) -> None:
    grid = utm(1100, 1300)
    pixels = (np.random.default_rng(7).random((1100, 1300, bands)) * 1.9).astype(dtype)
    path = tmp_path / "out.tif"
    with RasterWriter(path, grid, dtype=dtype, bands=bands, tags={"MODEL": "a"}) as writer:
        for row in range(0, 1100, 300):
            part = pixels[row : row + 300]
            writer.write(part[..., 0] if bands == 1 else part, Window(0, row, 1300, len(part)))
    is_valid, errors, complaints = cog_validate(path, strict=True)
    assert (is_valid, errors, complaints) == (True, [], [])
    with rasterio.open(path) as dataset:
        assert np.array_equal(np.moveaxis(dataset.read(), 0, -1), pixels)
        assert (dataset.crs, dataset.transform) == (grid.crs, grid.transform)
        assert (dataset.overviews(1), dataset.tags()["MODEL"]) == ([2, 4], "a")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.tif"]


def test_class_overviews_are_sampled_not_averaged(tmp_path: Path, utm: MakeGrid) -> None:
    path = tmp_path / "classes.tif"
    pixels = np.random.default_rng(8).choice(np.array([0, 1, 255], dtype=np.uint8), (1024, 1024))
    colours = {0: (0, 0, 0, 0), 1: (255, 0, 0, 255)}
    with RasterWriter(path, utm(1024, 1024), dtype="uint8", nodata=255, colours=colours) as writer:
        writer.write(pixels, Window(0, 0, 1024, 1024))
    with rasterio.open(path, overview_level=0) as overview:
        assert set(np.unique(overview.read(1))) == {0, 1, 255}
        assert overview.nodata == 255
    with rasterio.open(path) as dataset:
        assert dataset.colorinterp == (ColorInterp.palette,)
        assert dataset.colormap(1)[1] == (255, 0, 0, 255)


@pytest.mark.parametrize("shape", [(16, 16), (17, 23), (513, 700)])
def test_pixels_never_written_are_nodata(tmp_path: Path, utm: MakeGrid, shape: tuple[int, int]) -> None:
    path = tmp_path / "out.tif"
    with RasterWriter(path, utm(*shape), dtype="float32", nodata=-1) as writer:
        writer.write(np.full((4, 5), 0.5, dtype=np.float32), Window(2, 3, 5, 4))
    with rasterio.open(path) as dataset:
        pixels = dataset.read(1)
    assert (pixels[3:7, 2:7] == 0.5).all()
    assert (pixels == -1).sum() == pixels.size - 20
    assert cog_validate(path)[0]


def test_png_keeps_class_colours(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    pixels = np.arange(17 * 23, dtype=np.uint8).reshape(17, 23) % 2
    grid = Grid(17, 23, Affine.identity(), None)
    with RasterWriter(path, grid, dtype="uint8", colours={0: (9, 9, 9, 0), 1: (255, 0, 0, 255)}) as writer:
        writer.write(pixels, whole(grid))
    colours, valid = read_all(path)
    assert np.array_equal(valid, pixels == 1)
    assert (colours[valid] == (255, 0, 0)).all()
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.png"]


@pytest.mark.parametrize("name", ["out.tif", "out.png"])
def test_a_crash_leaves_no_file_and_keeps_the_old_one(tmp_path: Path, utm: MakeGrid, name: str) -> None:
    for existing in (False, True):
        if existing:
            (tmp_path / name).write_bytes(b"old")
        with pytest.raises(ZeroDivisionError), RasterWriter(tmp_path / name, utm(40, 40), dtype="uint8") as writer:
            writer.write(np.ones((40, 40), dtype=np.uint8), Window(0, 0, 40, 40))
            _ = 1 / 0
        assert [entry.name for entry in tmp_path.iterdir()] == ([name] if existing else [])
    assert (tmp_path / name).read_bytes() == b"old"


def test_folders_that_cannot_take_a_file(tmp_path: Path, utm: MakeGrid) -> None:
    with pytest.raises(OutputError, match=r"there is no folder .*absent; make it first"):
        RasterWriter(tmp_path / "absent" / "out.tif", utm(16, 16), dtype="uint8").__enter__()
    (tmp_path / "out.tif").mkdir()
    with pytest.raises(OutputError, match="a folder has that name"):
        RasterWriter(tmp_path / "out.tif", utm(16, 16), dtype="uint8").__enter__()
    with pytest.raises(OutputError, match="cannot be written"), atomic_path("/proc/report.html"):
        pass


def test_formats_that_do_not_fit_are_refused(tmp_path: Path, utm: MakeGrid) -> None:
    with pytest.raises(OptionError, match=r"\.tif, \.tiff or \.png, got out\.bmp"):
        RasterWriter(tmp_path / "out.bmp", utm(16, 16), dtype="uint8")
    with pytest.raises(OptionError, match=r"got 1 of float32 for out.png: write .tif"):
        RasterWriter(tmp_path / "out.png", utm(16, 16), dtype="float32")
    for name, dtype, needed in (("out.png", "uint16", "uint8, got"), ("out.tif", "float32", "uint8 or uint16, got")):
        with pytest.raises(OptionError, match=f"Colours need one band of {needed} 1 of {dtype}"):
            RasterWriter(tmp_path / name, utm(16, 16), dtype=dtype, colours={0: (0, 0, 0, 0)})


def test_windows_that_do_not_fit_are_refused(tmp_path: Path, utm: MakeGrid) -> None:
    for pixels, told in (
        (np.ones((4, 6), dtype=np.uint8), r"got \(4, 6, 1\), uint8"),
        (np.ones((4, 5)), "float64: cut and"),
    ):
        writer = RasterWriter(tmp_path / "out.tif", utm(16, 16), dtype="uint8")
        with pytest.raises(SizeError, match=told), writer:
            writer.write(pixels, Window(0, 0, 5, 4))


FULL_DISK = """
import resource, signal, sys
import numpy as np
from affine import Affine
from minenetcd.errors import OutputError
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from rasterio.windows import Window

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
pixels = np.random.default_rng(0).integers(0, 255, (1024, 1024), dtype=np.uint8)
try:
    with RasterWriter(sys.argv[1], Grid(1024, 1024, Affine.identity(), None), dtype="uint8") as writer:
        for row in range(0, 1024, 256):
            writer.write(pixels[row : row + 256], Window(0, row, 1024, 256))
except OutputError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.tif", "out.png"])
@pytest.mark.parametrize("room", [100_000, 700_000, 1_048_600, 1_051_000])
def test_a_disk_that_fills_up_is_one_line_and_no_file(tmp_path: Path, name: str, room: int) -> None:
    """A limit on file size stands for the full disk; at the last two the draft fits, or nearly."""
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / name), str(room)], capture_output=True, text=True, check=True
    )
    assert result.stdout.count("\n") == 1
    assert f"{name} cannot be written" in result.stdout
    assert list(tmp_path.iterdir()) == []
