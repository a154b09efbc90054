"""Little mines and what somebody said of their maps: results of change vectors, in which squares are to be told apart.

White squares are change to the person, red ones are not: both differ from the grey ground alike.
"""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import torch
from numpy.typing import NDArray

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.geo.polygons.tracing import burn
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import DETAILS

WHITE, RED = (190, 190, 190), (240, 10, 10)
SQUARE = 16


def small_network() -> ChangeDetector:
    """A network that trains in a moment, and knows nothing."""
    torch.manual_seed(0)
    model = minenetcd.create_model("fc_ef")
    return ChangeDetector(
        model,
        preprocessing=Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
        provenance={"name": "small", "trained_on": "squares", "license": "apache-2.0"},
    )


def make_result(
    folder: Path,
    number: int,
    *,
    size: int = 160,
    squares: int = 6,
    metres: float = 10,
    left: float | None = None,
) -> Path:
    """The result of a scene of its own, 40 km from the next, without verdicts."""
    before, after, _ = drawn(number, size, squares)
    place = 400_000 + 4_000 * number if left is None else left
    grid = utm_grid(size, size, left=place, metres=metres)
    paths = [
        write_geotiff(folder / f"{number}_{word}.tif", pixels, grid)
        for word, pixels in (("before", before), ("after", after))
    ]
    out = folder / f"result_{number}"
    detector = minenetcd.from_pretrained("cva")
    with minenetcd.predict(detector, *paths, out, options=PredictOptions(min_area_ha=metres**2 / 100)):
        return out


def drawn(number: int, size: int, squares: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    """Both dates (H, W, 3), and where a white square is (H, W)."""
    rng = np.random.default_rng(number)
    before = rng.integers(90, 110, (size, size, 3), dtype=np.uint8)
    after, truth = (
        np.clip(before + rng.integers(-2, 3, before.shape), 0, 255).astype(np.uint8),
        np.zeros((size, size), bool),
    )
    cells = size // (2 * SQUARE)
    for place, cell in enumerate(rng.permutation(cells**2)[:squares].tolist()):
        row, col = (SQUARE // 2 + 2 * SQUARE * index for index in divmod(cell, cells))
        square = np.s_[row : row + SQUARE, col : col + SQUARE]
        after[square], truth[square] = (WHITE, True) if place % 2 == 0 else (RED, False)
    return before, after, truth


def say(result: Path, number: int, *, size: int = 160, squares: int = 6, only: Sequence[str] = ()) -> Path:
    """Verdicts by the truth on all polygons; with `only` on those of that status, the others stay without one."""
    frame = gpd.read_file(result / "change.gpkg", layer="change")
    truth, grid = drawn(number, size, squares)[2], read_details(result / DETAILS).facts.grid
    status = ["accepted" if truth[burn([each], grid)].mean() > 0.5 else "rejected" for each in frame.geometry]
    frame["status"] = [each if not only or each in only else None for each in status]
    frame.to_file(result / "change.gpkg", layer="change")
    return result
