"""Small real images, made where a test asks for them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from fixtures.scene_files import utm_grid
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.geo.source import quiet_gdal

WriteImage = Callable[..., Path]
MakeGrid = Callable[..., Grid]
WriteBand = Callable[..., Path]


def whole(grid: Grid) -> Window:
    return Window(0, 0, grid.width, grid.height)


def read_all(path: str | Path, **options: tuple[int, ...]) -> tuple[NDArray, NDArray[np.bool_]]:
    with Raster.open(path, **options) as raster:
        return raster.read(whole(raster.grid))


@pytest.fixture
def write_image(tmp_path: Path) -> WriteImage:
    """write_image(name, pixels (H, W, C), grid=None, mask=None, colours=None, **creation options) -> path."""

    def write(
        name: str,
        pixels: NDArray,
        grid: Grid | None = None,
        *,
        mask: NDArray | None = None,
        colours: dict[int, tuple[int, ...]] | None = None,
        tags: dict[str, str] | None = None,
        **options: Any,
    ) -> Path:
        path = tmp_path / name
        driver = {".tif": "GTiff", ".png": "PNG", ".jpg": "JPEG"}[path.suffix]
        height, width, count = pixels.shape
        if grid is not None:
            options |= {"crs": grid.crs, "transform": grid.transform}
        with (
            quiet_gdal(GDAL_TIFF_INTERNAL_MASK="YES"),
            rasterio.open(
                path, "w", driver=driver, height=height, width=width, count=count, dtype=pixels.dtype, **options
            ) as dataset,
        ):
            if colours is not None:
                dataset.write_colormap(1, colours)
            dataset.write(np.moveaxis(pixels, -1, 0))
            if mask is not None:
                dataset.write_mask(mask)
            if tags is not None:
                dataset.update_tags(**tags)
        return path

    return write


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    """Noise (37, 53, 3)."""
    return np.random.default_rng(1).integers(1, 255, (37, 53, 3), dtype=np.uint8)


@pytest.fixture
def utm() -> Callable[..., Grid]:
    """utm(height, width, left=, top=, metres=) -> Grid in UTM zone 33 north, at about 50.5 degrees north."""
    return utm_grid


def moved_ground(
    height: int, width: int, dx: float = 0, dy: float = 0, *, seed: int = 0, bands: int = 3
) -> NDArray[np.float64]:
    """Ground (H, W, C) with detail of every size, from 20 to 220, whose content is moved by (dx, dy) pixels.

    It is moved in its spectrum, exactly, on a canvas 32 pixels wider on each side: no edge is wrapped in.
    """
    rng = np.random.default_rng(seed)
    y, x = np.fft.fftfreq(height + 64)[:, np.newaxis], np.fft.fftfreq(width + 64)
    size = np.hypot(y, x)
    falloff = np.exp(-((size / 0.35) ** 4)) / np.maximum(size, 0.01) ** 1.2
    shared = rng.normal(size=(height + 64, width + 64))
    layers = [shared + 0.5 * rng.normal(size=shared.shape) for _ in range(bands)]
    ground = [np.fft.ifft2(np.fft.fft2(n) * falloff * np.exp(-2j * np.pi * (x * dx + y * dy))).real for n in layers]
    cut = np.stack(ground, axis=-1)[32:-32, 32:-32]
    return (120 + 35 * cut / np.std(ground)).clip(20, 220)


@pytest.fixture
def write_band(tmp_path: Path) -> WriteBand:
    """write_band(name, value, metres=10, driver="GTiff", left=500_000, **options) -> path of 480 m in uint16."""

    def write(name: str, value: int, metres: float = 10, left: float = 500_000, **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        side = int(480 / metres)
        driver = {".jp2": "JP2OpenJPEG", ".tif": "GTiff", ".TIF": "GTiff"}[path.suffix]
        if driver == "JP2OpenJPEG":
            options |= {"QUALITY": "100", "REVERSIBLE": "YES"}
        with rasterio.open(
            path, "w", driver=driver, height=side, width=side, count=1, dtype="uint16", crs="EPSG:32633",
            transform=Affine(metres, 0, left, 0, -metres, 5_600_000), **options,
        ) as dataset:  # fmt: skip
            dataset.write(np.full((1, side, side), value, "uint16"))
        return path

    return write


def values(image: object, **options: object) -> list[int]:
    """What the bands that are read hold in the middle."""
    with Raster.open(image, **options) as raster:
        pixels, valid = raster.read(Window(12, 12, 1, 1))
        assert valid.all()
        return [int(value) for value in pixels[0, 0]]


@pytest.fixture
def landsat(write_band: WriteBand) -> Path:
    """A folder of Landsat 8, Collection 2 level 2: B1 to B7 hold 1 to 7, with thermal and quality bands."""
    scene = "LC08_L2SP_193026_20200708_20200912_02_T1"
    for band in range(1, 8):
        path = write_band(f"{scene}/{scene}_SR_B{band}.TIF", band, 30, nodata=0)
    write_band(f"{scene}/{scene}_ST_B10.TIF", 10, 30)
    write_band(f"{scene}/{scene}_QA_PIXEL.TIF", 99, 30)
    (path.parent / f"{scene}_MTL.txt").write_text("GROUP = LANDSAT_METADATA_FILE")
    return path.parent


@pytest.fixture
def safe(write_band: WriteBand) -> Path:
    """A Sentinel-2 L2A product: B02, B03, B04, B08 hold 2, 3, 4, 8 at 10 m, B11 11 at 20 m, B01 1 at 60 m."""
    name = "S2A_MSIL2A_20230601T100601_N0509_R022_T33UUP_20230601T160000.SAFE"
    images = f"{name}/GRANULE/L2A_T33UUP_A041474_20230601T101000/IMG_DATA"
    tile = "T33UUP_20230601T100601"
    for metres, bands in ((10, ("02", "03", "04", "08")), (20, ("02", "04", "11")), (60, ("01", "04"))):
        for band in bands:
            path = write_band(f"{images}/R{metres}m/{tile}_B{band}_{metres}m.jp2", int(band), metres)
    write_band(f"{images}/R20m/{tile}_SCL_20m.jp2", 5, 20)
    write_band(f"{name}/GRANULE/L2A_T33UUP_A041474_20230601T101000/QI_DATA/MSK_DETFOO_B02.jp2", 1)
    folder = path.parents[4]
    (folder / "MTD_MSIL2A.xml").write_text("<n1:Level-2A_User_Product/>")
    return folder


@pytest.fixture
def item(write_band: WriteBand, tmp_path: Path) -> Path:
    """A STAC item that names red, green, blue and infrared, of which only names in eo:bands tell which is which."""
    assets = {}
    for key, value in (("blue", 2), ("green", 3), ("red", 4), ("nir", 8)):
        write_band(f"assets/{value}.tif", value)
        assets[f"asset-{value}"] = {
            "href": f"./assets/{value}.tif",
            "type": "image/tiff; application=geotiff",
            "roles": ["data"],
            "eo:bands": [{"name": f"B0{value}", "common_name": key}],
        }
    assets["thumbnail"] = {"href": "https://example.org/small.png", "type": "image/png", "roles": ["thumbnail"]}
    path = tmp_path / "item.json"
    properties = {"datetime": "2023-06-01T10:06:01Z", "platform": "sentinel-2a"}
    path.write_text(
        json.dumps({"type": "Feature", "stac_version": "1.0.0", "properties": properties, "assets": assets})
    )
    return path


def raised(image: object) -> tuple[str, int] | None:
    with Raster.open(image) as raster:
        return raster.processing and (raster.processing.baseline, raster.processing.offset)
