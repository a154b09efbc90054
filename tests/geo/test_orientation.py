"""Pictures that say which side is up are read so, wherever they lie."""

import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rasterio.windows import Window

from minenetcd.geo.raster import Raster


def turned_picture(path: Path, pixels: np.ndarray, **options: object) -> Path:
    """Stored as its sensor lies, a quarter turned, with the EXIF that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(pixels))).save(path, exif=exif, **options)
    return path


@pytest.mark.parametrize("ending", [".png", ".tif", ".webp", ".jpg"])
def test_pictures_are_read_upright_from_files_and_archives(tmp_path: Path, ending: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    options = {".webp": {"lossless": True}, ".jpg": {"quality": 100, "subsampling": 0}}.get(ending, {})
    path = turned_picture(tmp_path / f"x{ending}", pixels, **options)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.write(path, path.name)
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as tar:
        tar.add(path, f"in/{path.name}")
    for given in (path, tmp_path / "x.zip", tmp_path / "x.tgz"):
        with Raster.open(given) as raster:
            read, _ = raster.read(Window(0, 0, raster.grid.width, raster.grid.height))
        assert read.shape == pixels.shape
        assert np.abs(read.astype(int) - pixels).max() <= (8 if ending == ".jpg" else 0)


@pytest.mark.parametrize("ending", [".png", ".tif", ".jpg"])
def test_files_of_one_band_each_are_read_upright(tmp_path: Path, ending: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    options = {"quality": 100} if ending == ".jpg" else {}
    for place, colour in enumerate(("red", "green", "blue")):
        turned_picture(tmp_path / f"x_{colour}{ending}", pixels[..., place], **options)
    with Raster.open(str(tmp_path / "x_*")) as raster:
        read, _ = raster.read(Window(0, 0, raster.grid.width, raster.grid.height))
    assert read.shape == pixels.shape
    assert np.abs(read.astype(int) - pixels).max() <= (3 if ending == ".jpg" else 0)


def test_one_transparent_colour_of_a_turned_picture_takes_all_its_bands(tmp_path: Path) -> None:
    pixels = np.full((8, 12, 3), 90, np.uint8)
    pixels[:, 6:, 0] = 0  # without red, as water is
    pixels[:2, :2] = 0
    path = turned_picture(tmp_path / "x.png", pixels, transparency=(0, 0, 0))
    for given in (path, [path]):
        with Raster.open(given) as raster:
            read, valid = raster.read(Window(0, 0, 12, 8))
        assert np.array_equal(read, pixels)
        assert np.array_equal(valid, pixels.any(axis=-1))
