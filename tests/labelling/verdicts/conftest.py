"""Small results with several changes, to be judged."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference

#: Row and column of the upper left corner, side in pixels, and how much brighter it is later, of each change.
CHANGES = ((4, 4, 30, 240), (4, 50, 20, 140), (50, 4, 16, 150), (50, 40, 12, 235), (50, 70, 10, 135), (80, 80, 6, 200))


def dates() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two dates (100, 100, 3): CHANGES differ by more than the threshold of 0.5."""
    before = np.full((100, 100, 3), 10, np.uint8)
    before[-1, -1] = 250
    after = before.copy()
    for row, column, side, more in CHANGES:
        after[row : row + side, column : column + side] += np.uint8(more)
    return before, after


@pytest.fixture(scope="session")
def made_result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of GeoTIFFs with six polygons, that nobody changes."""
    folder = tmp_path_factory.mktemp("made")
    grid = utm_grid(100, 100)
    images = [
        write_geotiff(folder / f"{year}-06-01.tif", date, grid)
        for year, date in zip((2019, 2023), dates(), strict=True)
    ]
    predict_scene(Difference(), *images, folder / "change", options=PredictOptions()).close()
    return folder / "change"


@pytest.fixture(scope="session")
def made_picture_result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of pictures without a place: its polygons are GeoJSON."""
    folder = tmp_path_factory.mktemp("made_of_pictures")
    images = [folder / f"{year}.png" for year in (2019, 2023)]
    for path, date in zip(images, dates(), strict=True):
        Image.fromarray(date).save(path)
    predict_scene(Difference(), *images, folder / "change", options=PredictOptions()).close()
    return folder / "change"


@pytest.fixture
def result(made_result: Path, tmp_path: Path) -> Path:
    return copied(made_result, tmp_path / "change")


@pytest.fixture
def picture_result(made_picture_result: Path, tmp_path: Path) -> Path:
    return copied(made_picture_result, tmp_path / "pictures")


def copied(folder: Path, target: Path) -> Path:
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target
