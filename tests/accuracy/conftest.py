"""Small maps of which everything is known, and their samples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.accuracy.classes import CHANGE, NO_CHANGE
from minenetcd.accuracy.sampling.options import SampleOptions
from minenetcd.accuracy.sampling.sample import DrawnSample
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference

OF_CHANGE = {"classes": (NO_CHANGE, CHANGE), "change": 1}

Judge = Callable[..., Path]


@pytest.fixture
def change() -> NDArray[np.uint8]:
    """A map of change (60, 80): 1 in two places, 255 in a corner."""
    change = np.zeros((60, 80), np.uint8)
    change[10:30, 20:50], change[40:44, 60:70], change[:5, :8] = 1, 1, 255
    return change


@pytest.fixture
def raster(tmp_path: Path, change: NDArray[np.uint8]) -> Path:
    return write_geotiff(tmp_path / "map.tif", change, utm_grid(60, 80), nodata=255)


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    """Two dates (60, 80) whose first bands differ from 0 to all of their range, by columns."""
    grid = utm_grid(60, 80)
    before = np.full((60, 80, 3), 10, np.uint8)
    before[0, 0] = 210
    after = before + np.tile(np.linspace(0, 200, 80).astype(np.uint8), (60, 1))[..., np.newaxis]
    after[0, 0] = 210
    return write_geotiff(tmp_path / "b.tif", before, grid), write_geotiff(tmp_path / "a.tif", after, grid)


@pytest.fixture
def result(tmp_path: Path, images: tuple[Path, Path]) -> Path:
    """The folder of a prediction: change from about the middle column on, ever surer to the right."""
    predict_scene(Difference(), *images, tmp_path / "change", options=PredictOptions()).close()
    return tmp_path / "change"


def drawn(source: Path, out: Path, **options: Any) -> DrawnSample:
    return minenetcd.sample_accuracy(source, out, options=SampleOptions(**options))


def judged(sample: Path, truth: NDArray[np.uint8], path: Path, *, unsure: tuple[int, ...] = ()) -> Path:
    """The table of references that somebody saves who sees the truth, and is unsure about some rows."""
    points = gpd.read_file(sample / "samples.gpkg")
    table = pd.read_csv(sample / "samples.csv", dtype=str)
    assert [*table["id"]] == [*points["id"]]
    table["reference"] = [str(truth[row, col]) for row, col in zip(points["row"], points["col"], strict=True)]
    table.loc[[*unsure], "reference"] = "u"
    table.to_csv(path, index=False)
    return path
