"""Finished results of drawn pairs, whose every pixel is known, as `predict` writes them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.geo.grid import Grid
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference

GRID = utm_grid(300, 360)

#: Rows and columns that changed: plainly, and with a probability that grows to the right.
LARGE, SMALL, RAMP = np.s_[50:110, 60:160], np.s_[200:220, 290:310], np.s_[210:250, 40:200]

#: Where both dates have spots of colours that are nowhere else; their middles are 240 rows apart.
SPOT, MAGENTA = np.s_[28:34, 298:304], (255, 0, 255)
LOWER_SPOT, CYAN = np.s_[268:274, 298:304], (0, 255, 255)

#: What came there; nothing else on the page is of that colour.
ORANGE = (250, 150, 0)


def drawn_dates(grid: Grid = GRID) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both dates (H, W, 3): blotches from 20 to 90, and what changed."""
    noise = np.random.default_rng(3).uniform(size=(grid.height // 6 + 1, grid.width // 6 + 1, 3))
    before = np.rint(20 + 70 * noise.repeat(6, axis=0).repeat(6, axis=1)[: grid.height, : grid.width]).astype(np.uint8)
    after = before.copy()
    after[LARGE] = after[SMALL] = ORANGE
    ramp = before[RAMP].astype(int) + np.linspace(0, 165, before[RAMP].shape[1], dtype=int)[:, np.newaxis]
    after[RAMP] = ramp.astype(np.uint8)
    before[SPOT] = after[SPOT] = MAGENTA
    before[LOWER_SPOT] = after[LOWER_SPOT] = CYAN
    return before, after


def result_on_earth(folder: Path) -> Path:
    before, after = drawn_dates()
    tags = [{"ACQUISITIONDATETIME": day} for day in ("2019-06-02T10:00:00", "2023-07-01T10:00:00")]
    paths = [
        write_geotiff(folder / name, date, GRID, tags=tag)
        for name, date, tag in zip(("2019.tif", "2023.tif"), (before, after), tags, strict=True)
    ]
    return predicted(folder / "change", *paths)


def result_of_pictures(folder: Path) -> Path:
    paths = [folder / "first.png", folder / "second.png"]
    for path, date in zip(paths, drawn_dates(), strict=True):
        Image.fromarray(date).save(path)
    return predicted(folder / "pictures", *paths)


def predicted(folder: Path, before: Path, after: Path) -> Path:
    predict_scene(Difference(), before, after, folder, options=PredictOptions()).close()
    return folder
