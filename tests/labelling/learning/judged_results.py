"""Little mines and what somebody said of their maps: results of change vectors, in which squares are to be told apart.

White squares are change to the person, red ones are not: both differ from the grey ground alike.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.geo.polygons.tracing import burn
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.outputs import DETAILS
from minenetcd.training.records.reporting import Step, TrainingReporter, Validation

WHITE, RED = (190, 190, 190), (240, 10, 10)
SQUARE = 16

FEW_STEPS = LearnOptions(steps=2, rehearsal=0.0)


class StopsAtFirstStep(TrainingReporter):
    """Stops once as Ctrl-C does."""

    def step(self, step: Step, of: int, validation: Validation | None) -> None:
        if step.step == 1:
            raise KeyboardInterrupt


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
    bits: int = 8,
    is_picture: bool = False,
) -> Path:
    """The result of a scene of its own, kilometres from the next, without verdicts."""
    before, after, _ = drawn(number, size, squares)
    grid = utm_grid(size, size, left=400_000 + 5_000 * number, metres=metres)
    paths = []
    for word, pixels in (("before", before), ("after", after)):
        if is_picture:
            paths.append(folder / f"{number}_{word}.png")
            Image.fromarray(pixels).save(paths[-1])
        else:
            numbers = pixels if bits == 8 else pixels.astype(np.uint16) * 20 + 300
            paths.append(write_geotiff(folder / f"{number}_{word}.tif", numbers, grid))
    out = folder / f"result_{number}"
    with minenetcd.predict(minenetcd.from_pretrained("cva"), *paths, out):
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
    """Verdicts by the truth on all polygons; with `only` on those of that status, the others become unsure."""
    verdicts = Verdicts(result)
    truth, grid = drawn(number, size, squares)[2], read_details(result / DETAILS).facts.grid
    for polygon in verdicts.polygons().itertuples():
        status = "accepted" if truth[burn([polygon.geometry], grid)].mean() > 0.5 else "rejected"
        verdicts.give(polygon.id, status if not only or status in only else "unsure", by="a tester")
    return result


def pixels_of(result: Path, status: str) -> NDArray[np.bool_]:
    """Where polygons of that status lie (H, W)."""
    frame = Verdicts(result).polygons()
    return burn(frame.geometry[frame.status == status], read_details(result / DETAILS).facts.grid)
