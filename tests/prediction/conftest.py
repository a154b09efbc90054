"""Small scenes, made where a test asks for them."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from minenetcd.geo.grid import Grid
from minenetcd.geo.source import quiet_gdal

WriteScene = Callable[..., Path]


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go: a folder of the test's own, so that what stays behind is seen."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def write_scene(tmp_path: Path) -> WriteScene:
    """write_scene(name, pixels (H, W), grid=None, tags=None, **creation options) -> path of three equal bands."""

    def write(
        name: str, pixels: NDArray, grid: Grid | None = None, *, tags: dict[str, str] | None = None, **options: Any
    ) -> Path:
        path = tmp_path / name
        height, width = pixels.shape
        options |= {"driver": "PNG" if path.suffix == ".png" else "GTiff"}
        if grid is not None:
            options |= {"crs": grid.crs, "transform": grid.transform}
        with (
            quiet_gdal(),
            rasterio.open(path, "w", height=height, width=width, count=3, dtype=pixels.dtype, **options) as dataset,
        ):
            dataset.write(np.stack([pixels] * 3))
            dataset.update_tags(**(tags or {}))
        return path

    return write


@pytest.fixture
def noisy() -> Callable[..., tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """noisy(height, width, seed=0) -> two dates (H, W) of noise, never 0, that differ by 0.43 at most.

    But for a rectangle, a quarter of each side, where the second is brighter by 0.55: what has changed.
    """

    def make(height: int, width: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        first, second = np.random.default_rng(seed).integers(1, 111, (2, height, width), dtype=np.uint8)
        place = np.s_[height // 4 : height // 2, width // 4 : width // 2]
        second[place] = first[place] + 140
        return first, second

    return make
