"""How much memory a scene of many rows takes, and many polygons.

    python benchmarks/large_scenes.py scene --rows 24000 --width 3000 [--model cva] [--tile 1024]
    python benchmarks/large_scenes.py polygons --count 500000
    python benchmarks/large_scenes.py noise --rows 250 --width 350

`scene` maps two rasters made of one drawn mine, repeated, which changes in the first 5,120 rows alone, so that scenes
of any length have as many polygons; `polygons` makes, measures and writes polygons of a mask of small blobs. Memory:
the most that is resident, above what is resident once everything is imported (Linux). `noise` traces a mask of noise by
shared edges and joins what meets at corners, as the package does, and across corners at once, which has to be mended.
"""

import argparse
import importlib
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.features import shapes
from rasterio.windows import Window

from minenetcd.detectors.by_name import open_detector
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.tracing import change_polygons
from minenetcd.geo.polygons.vector_files import write_vector
from minenetcd.prediction.areas import find_change
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.rasters.one_pass import ScenePass
from minenetcd.prediction.rasters.scene_rasters import SceneRasters, read_strips
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.prediction.scene import predict_scene
from minenetcd.synthetic import make_scene

MEBIBYTE = 2**20
BLOCK = 1024
CHANGED_ROWS = 5 * BLOCK
CELL = 10  # of one blob [pixels]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    scene = kinds.add_parser("scene")
    scene.add_argument("--rows", type=int, default=6000)
    scene.add_argument("--width", type=int, default=3000)
    scene.add_argument("--model", default="cva")
    scene.add_argument("--tile", type=int, help="By default the detector's.")
    scene.add_argument("--json", action="store_true", help="Numbers on one line, for scale.py.")
    polygons = kinds.add_parser("polygons")
    polygons.add_argument("--count", type=int, default=500_000)
    noise = kinds.add_parser("noise")
    noise.add_argument("--rows", type=int, default=250)
    noise.add_argument("--width", type=int, default=350)
    arguments = parser.parse_args()
    if arguments.kind == "noise":
        return measure_noise(arguments.rows, arguments.width)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.kind == "polygons":
            measure_polygons(Path(folder), arguments.count)
        else:
            measured = measure_scene(Path(folder), arguments.rows, arguments.width, arguments.model, arguments.tile)
            print(json.dumps(measured) if arguments.json else "\n".join(map(": ".join, in_words(measured))))


def measure_scene(folder: Path, rows: int, width: int, model: str, tile: int | None) -> dict[str, float]:
    """Map two rasters: seconds, processor time, pixels, polygons, bytes of the results, memory above imports."""
    before, after = _elsewhere(
        _two_rasters, folder, Grid(rows, width, Affine(1.2, 0, 4e5, 0, -1.2, 7.3e6), CRS.from_epsg(32733))
    )
    import_all()
    if model != "cva":
        import torch  # here: detectors without training need none

        torch.set_num_threads(1)
    options = PredictOptions(tile=tile, yes=True)
    held, started, worked = resident(), time.perf_counter(), time.process_time()
    with predict_scene(open_detector(model), before, after, folder / "out", options=options) as found:
        return {
            "seconds": time.perf_counter() - started,
            "processor": time.process_time() - worked,
            "pixels": found.valid_pixels,
            "polygons": len(found.polygons),
            "bytes": sum(path.stat().st_size for path in (folder / "out").glob("*.tif")),
            "memory": most_resident() - held,
            "imports": held,
        }


def in_words(measured: dict[str, float]) -> Iterator[tuple[str, str]]:
    megapixels = measured["pixels"] / 1e6
    yield "polygons", f"{measured['polygons']:.0f}"
    yield "megapixels a minute", f"{megapixels / measured['seconds'] * 60:.0f}"
    yield "processor time of a megapixel", f"{measured['processor'] / megapixels:.2f} s"
    yield "bytes a pixel of change.tif and probability.tif", f"{measured['bytes'] / measured['pixels']:.3f}"
    memory, imports = (measured[key] / MEBIBYTE for key in ("memory", "imports"))
    yield "most resident", f"{memory:.0f} MiB above the {imports:.0f} MiB of imports"


def measure_polygons(folder: Path, count: int) -> None:
    """Make, measure and write so many polygons, and print time and memory."""
    side = int(np.ceil(np.sqrt(count))) * CELL
    scene = SceneRasters(
        Grid(side, side, Affine(1.2, 0, 4e5, 0, -1.2, 7.3e6), CRS.from_epsg(32733)),
        StoredProbability(0.5), folder / "probability.tif", folder / "change.tif", {},
    )  # fmt: skip
    _elsewhere(_write_blobs, scene, count)
    import_all()
    held, start = resident(), time.perf_counter()
    worked = time.process_time()
    with ScenePass(scene) as scene_pass:
        for window, stored in read_strips(scene.probability, scene.grid):
            scene_pass.add(window, stored)
        polygons = find_change(scene_pass).polygons
    made = time.perf_counter()
    write_vector(polygons, folder / "change.gpkg")
    written, worked = time.perf_counter(), time.process_time() - worked
    print(f"processor time {worked:.1f} s")
    print(
        f"{len(polygons)} polygons of {side} x {side} pixels: {made - start:.1f} s, written in {written - made:.1f} s"
    )
    print(f"most resident {(most_resident() - held) / MEBIBYTE:.0f} MiB above the {held / MEBIBYTE:.0f} MiB of imports")


def measure_noise(rows: int, width: int) -> None:
    """Trace a mask of noise both ways, and print their times."""
    mask = np.random.default_rng(0).random((rows, width)) < 0.5
    grid = Grid(rows, width, Affine(10, 0, 4e5, 0, -10, 5.6e6), CRS.from_epsg(32633))
    worked = time.process_time()
    joined = change_polygons(mask, grid)
    worked, mending = time.process_time() - worked, time.process_time()
    outlines = shapes(mask.astype(np.uint8), mask=mask, connectivity=8, transform=grid.transform)
    mended = shapely.make_valid([shapely.geometry.shape(outline) for outline, _ in outlines])
    mending = time.process_time() - mending
    print(f"{len(joined)} and {len(mended)} polygons of {rows} x {width} pixels of noise")
    print(f"joined, with their measures {worked:.2f} s, mended {mending:.1f} s: {mending / worked:.0f} times that")


def import_all() -> None:
    """What `predict` imports on its way."""
    for name in ("prediction.result", "prediction.rasters.resampled", "detectors.learned"):
        importlib.import_module(f"minenetcd.{name}")


def resident() -> int:
    """[bytes]"""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def most_resident() -> int:
    """Since the process began. [bytes]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _elsewhere(make: Callable[..., Any], *arguments: Any) -> Any:
    """`make` in a process of its own, whose memory is not counted."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(make, *arguments).result()


def _two_rasters(folder: Path, grid: Grid) -> tuple[Path, Path]:
    drawn = make_scene(5, size=BLOCK, metres_per_pixel=1.2, variety="plain")
    paths = folder / "before.tif", folder / "after.tif"
    for path, image in zip(paths, (drawn.before, drawn.after), strict=True):
        _repeat(path, grid, image, drawn.before)
    return paths


def _repeat(path: Path, grid: Grid, image: NDArray[np.uint8], below: NDArray[np.uint8]) -> None:
    """`image` in the first rows, `below` in the others."""
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "tiled": True, "blockxsize": 512, "blockysize": 512}
    with rasterio.open(
        path, "w", **profile, height=grid.height, width=grid.width, crs=grid.crs, transform=grid.transform
    ) as dataset:
        for row in range(0, grid.height, BLOCK):
            for col in range(0, grid.width, BLOCK):
                height, width = min(BLOCK, grid.height - row), min(BLOCK, grid.width - col)
                pixels = np.moveaxis((image if row < CHANGED_ROWS else below)[:height, :width], -1, 0)
                dataset.write(pixels, window=Window(col, row, width, height))


def _write_blobs(scene: SceneRasters, count: int) -> None:
    """A blob of 1 to 8 pixels a side in each cell, until there are so many; every third has a hole where it can."""
    random, width = np.random.default_rng(0), scene.grid.width
    with scene.probability_writer() as writer:
        for row in range(0, scene.grid.height, CELL):
            strip = np.zeros((CELL, width), np.uint8)
            for col in range(0, width, CELL)[: max(0, count - row // CELL * (width // CELL))]:
                height, across = random.integers(1, CELL - 1, 2)
                strip[:height, col : col + across] = random.integers(130, 255)
                strip[1 : height - 1, col + 1 : col + across - 1] *= np.uint8(col % (3 * CELL) != 0)
            writer.write(strip, Window(0, row, width, CELL))


if __name__ == "__main__":
    main()
