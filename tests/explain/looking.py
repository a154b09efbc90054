"""What the tests of this room share: a view of two arrays, an explanation of it, and files."""

from pathlib import Path

import numpy as np
import rasterio
import torch
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.windows import Window

from minenetcd.detectors.learned import ChangeDetector, NetworkScene
from minenetcd.explain.explanation import Explanation, explain
from minenetcd.explain.options import ExplainOptions
from minenetcd.explain.view import View
from minenetcd.geo.grid import Grid
from minenetcd.models.catalog import create_model

SMALL = {
    "minenetcd": {"backbone": "resnet_nano", "decoder_channels": 32, "auxiliary_channels": 16},
    "minenetcd_lite": {"width": 12, "heads": 2},
}
UTM = {"crs": CRS.from_epsg(32633), "transform": Affine(10, 0, 400_000, 0, -10, 5_600_000)}


def view_of(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> View:
    height, width = before.shape[:2]
    grid = Grid(height, width, Affine.identity(), None)
    return View(before, after, np.ones((height, width), bool), grid, Window(0, 0, width, height))


def look(detector: ChangeDetector, view: View, **options: object) -> Explanation:
    limits = detector.limits(view.before, view.after)
    return explain(detector, view, NetworkScene(detector, limits), options=ExplainOptions(**options), device="cpu")


def detector_of(name: str, **options: object) -> ChangeDetector:
    """A small one of that method, of random weights."""
    torch.manual_seed(0)
    return ChangeDetector(create_model(name, **{**options, **SMALL.get(name, {})})).eval()


def noise(height: int, width: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return tuple(rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8))


def write(path: Path, pixels: NDArray, **options: object) -> Path:
    """Three equal bands of `pixels` (H, W) as GeoTIFF, 10 m in UTM unless `options` say otherwise."""
    height, width = pixels.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=3, dtype=pixels.dtype, **{**UTM, **options}
    ) as dataset:
        dataset.write(np.stack([pixels] * 3))
    return path
