"""Small real images, made where a test asks for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from fixtures.scene_files import utm_grid
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.geo.source import quiet_gdal

WriteImage = Callable[..., Path]
MakeGrid = Callable[..., Grid]


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
