"""The main job on a synthetic mine whose truth is known."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.windows import Window

from minenetcd.constants import Progress, no_progress
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.evaluation.confusion import Confusion
from minenetcd.files import make_folder
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.prediction.result import ScenePrediction
from minenetcd.prediction.scene import predict_scene
from minenetcd.runtime.device import choose_device
from minenetcd.synthetic import make_scene

SEED, SIZE, METRES_PER_PIXEL = 42, 1024, 1.2
DATES = ("2018-06-14T10:12:00", "2023-07-02T10:20:00")
#: A place on land far from any mine, so that nobody takes the drawing for a real one.
ORIGIN, UTM = (400_000.0, 7_300_000.0), CRS.from_epsg(32733)


@dataclass(frozen=True)
class Demo:
    """What the demo wrote and measured."""

    before: Path
    after: Path
    truth: Path
    prediction: ScenePrediction
    counts: Confusion


def run_demo(
    detector: ChangeDetector, out: str | Path, *, device: str = "auto", progress: Progress = no_progress
) -> Demo:
    """Draw a mine at two dates, write it as GeoTIFFs to `out`, predict its change there and score it.

    Raises OptionError for a device that is not here, OutputError where `out` cannot be written.
    """
    choose_device(device)  # before anything is drawn
    out = make_folder(out)
    scene = make_scene(SEED, size=SIZE, metres_per_pixel=METRES_PER_PIXEL, variety="plain")
    grid = Grid(SIZE, SIZE, Affine.translation(*ORIGIN) @ Affine.scale(METRES_PER_PIXEL, -METRES_PER_PIXEL), UTM)
    before, after, truth = out / "before.tif", out / "after.tif", out / "truth.tif"
    for path, image, date in zip((before, after), (scene.before, scene.after), DATES, strict=True):
        _write(path, image, grid, tags={"ACQUISITIONDATETIME": date})
    _write(truth, scene.mask, grid, tags={})
    prediction = predict_scene(detector, before, after, device=device, tmp=out, progress=progress)
    prediction.save(out, truth=scene.mask)
    return Demo(before, after, truth, prediction, Confusion.count(prediction.mask, scene.mask))


def _write(path: Path, image: NDArray[np.uint8], grid: Grid, *, tags: dict[str, str]) -> None:
    bands = image.shape[2] if image.ndim == 3 else 1
    with RasterWriter(path, grid, dtype=np.uint8, bands=bands, tags=tags) as writer:
        writer.write(image, Window(0, 0, grid.width, grid.height))
