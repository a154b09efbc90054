"""A scene with three places of change, and files of areas in it."""

import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from fixtures.scene_files import utm_grid
from minenetcd.cli.main import run
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference

Images = tuple[Path, Path]

GRID = utm_grid(200, 300)
CRS = GRID.crs.to_wkt()
LARGE, SMALL, FAINT = np.s_[20:60, 40:100], np.s_[150:156, 20:30], np.s_[100:120, 200:260]


@pytest.fixture
def images(write_scene: WriteScene) -> Images:
    """Probability 0.16 but for three places: LARGE 0.78, SMALL 0.71, FAINT 0.63."""
    before, after = np.full(GRID.shape, 20, np.uint8), np.full(GRID.shape, 60, np.uint8)
    after[LARGE], after[SMALL], after[FAINT] = 220, 200, 180
    return write_scene("b.tif", before, GRID), write_scene("a.tif", after, GRID)


def on_grid(left: int, top: int, right: int, bottom: int) -> shapely.Polygon:
    x, y = GRID.bounds.left, GRID.bounds.top
    return shapely.box(x + 10 * left, y - 10 * bottom, x + 10 * right, y - 10 * top)


def layer(path: Path, *shapes: shapely.Polygon, crs: object = 4326, **columns: list[Any]) -> str:
    gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS).to_crs(crs).to_file(path)
    return str(path)


def places(folder: Path) -> dict[str, Any]:
    """Options with concessions and known mines."""
    west, east = on_grid(30, 0, 70, 200), on_grid(240, 0, 300, 200)
    return {
        "leases": layer(folder / "leases.gpkg", west, east, Name=["West", "East"]),
        "prior": layer(folder / "mines.geojson", on_grid(45, 25, 50, 30)),
        "prior_distance": 2000.0,
    }


def predicted(images: Images, out: Path | None = None, **options: Any) -> Any:
    return predict_scene(Difference(), *images, out, options=PredictOptions(**options))


def call(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that runs the command line and gives its exit code."""

    def called(words: list[str]) -> int:
        monkeypatch.setattr(sys, "argv", ["minenetcd", *words])
        with pytest.raises(SystemExit) as ended:
            run()
        return int(ended.value.code or 0)

    return called
