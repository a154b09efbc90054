"""Results of every kind, by a detector whose answers are known."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.geo.grid import Grid
from minenetcd.monitoring.dates.monitor import monitor
from minenetcd.monitoring.pairs.predict_pairs import predict_pairs
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference

GRID = utm_grid(200, 240)
DAYS = ("2019-06-02", "2020-06-01", "2021-06-03", "2022-06-04")


def ground(grid: Grid = GRID, seed: int = 3) -> NDArray[np.uint8]:
    """Something to see: (H, W, 3), 20 to 120."""
    noise = np.random.default_rng(seed).uniform(size=(grid.height // 4 + 1, grid.width // 4 + 1, 3))
    large = noise.repeat(4, axis=0).repeat(4, axis=1)[: grid.height, : grid.width]
    return np.rint(20 + 100 * large).astype(np.uint8)


def with_pit(image: NDArray[np.uint8], right: int = 140) -> NDArray[np.uint8]:
    """`image` where something new is bright."""
    changed = image.copy()
    changed[50:90, 60:right] = 230
    return changed


def write_pair(folder: Path, name: str, grid: Grid = GRID) -> tuple[Path, Path]:
    """Two dates of one place, GeoTIFFs."""
    folder.mkdir(parents=True, exist_ok=True)
    before = ground(grid)
    tags = [{"ACQUISITIONDATETIME": f"{day}T10:00:00"} for day in (DAYS[0], DAYS[-1])]
    return (
        write_geotiff(folder / f"{name}_2019.tif", before, grid, tags=tags[0]),
        write_geotiff(folder / f"{name}_2022.tif", with_pit(before), grid, tags=tags[1]),
    )


def make_results(root: Path) -> Path:
    """One of each kind, below `root`/results, of images in `root`/images."""
    images, out = root / "images", root / "results"
    predict_scene(Difference(), *write_pair(images, "one"), out / "one").close()
    pictures = images / "before.png", images / "after.png"
    for path, pixels in zip(pictures, (ground(), with_pit(ground())), strict=True):
        Image.fromarray(pixels).save(path)
    predict_scene(Difference(), *pictures, out / "picture").close()
    rows = [(name, *write_pair(images, name, utm_grid(200, 240, left=left))) for name, left in _PLACES]
    with (images / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "before", "after"), *rows, ("lost", images / "none.tif", rows[0][1])])
    predict_pairs(Difference(), images / "pairs.csv", out / "mines")
    monitor(Difference(), [str(path) for path in _dates(images)], out / "mine")
    return out


_PLACES = (("north", 420_000), ("south", 480_000))


def _dates(folder: Path) -> list[Path]:
    """Four dates on which the pit grows."""
    paths = []
    for place, day in enumerate(DAYS):
        image = with_pit(ground(), 60 + 20 * place) if place else ground()
        image[0, 0] = 10 + place  # no two dates are the same
        paths.append(write_geotiff(folder / f"mine_{day}.tif", image, GRID))
    return paths
