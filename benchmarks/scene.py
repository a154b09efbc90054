"""How fast a scene is mapped, and what share of that the network itself takes.

    python benchmarks/scene.py [--size 2048] [--model minenetcd-nano]

The limit is the network alone on the same tiles, already in memory: reading, warping, blending, writing and the
report come on top of it. Two rasters are made, one in another CRS, so that warping is part of the work.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.windows import Window

import minenetcd
from minenetcd.detectors.tiling import plan_tiles
from minenetcd.geo.align import open_pair
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.prediction.inference import MOST_PIXELS_AT_ONCE
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from minenetcd.synthetic import make_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--model", default="minenetcd-nano")
    arguments = parser.parse_args()
    detector = minenetcd.from_pretrained(arguments.model)
    with tempfile.TemporaryDirectory() as folder:
        before, after = _rasters(Path(folder), arguments.size)
        with open_pair(before, after) as pair:
            plan = plan_tiles(
                pair.overlap.height, pair.overlap.width, detector.preprocessing.tile, PredictOptions().overlap
            )
        alone = len(plan) * _seconds_per_tile(detector.for_inference())
        start = time.perf_counter()
        with predict_scene(detector, before, after, Path(folder) / "out") as result:
            whole = time.perf_counter() - start
        megapixels = result.valid_pixels / 1e6
        print(f"{len(plan)} tiles, {megapixels:.2f} megapixels analysed")
        print(f"network alone {alone:.1f} s, whole job {whole:.1f} s: {alone / whole:.0%} of the limit")
        print(f"{megapixels / whole * 60:.1f} megapixels a minute")


def _rasters(folder: Path, size: int) -> tuple[Path, Path]:
    scene = make_scene(5, size=size, metres_per_pixel=1.2, variety="plain")
    grid = Grid(size, size, Affine.translation(4e5, 7.3e6) @ Affine.scale(1.2, -1.2), CRS.from_epsg(32733))
    paths = folder / "before.tif", folder / "after.tif"
    for path, image in zip(paths, (scene.before, scene.after), strict=True):
        with RasterWriter(path, grid, dtype=np.uint8, bands=3) as writer:
            writer.write(image, Window(0, 0, size, size))
    warped = folder / "after_mercator.tif"
    with rasterio.open(paths[1]) as source, rasterio.vrt.WarpedVRT(source, crs="EPSG:3857") as vrt:
        rasterio.shutil.copy(vrt, warped, driver="GTiff")
    return paths[0], warped


def _seconds_per_tile(detector: minenetcd.ChangeDetector, rounds: int = 8) -> float:
    side = detector.preprocessing.tile
    batch = max(1, MOST_PIXELS_AT_ONCE // side**2)
    dates = [np.random.default_rng(seed).integers(0, 255, (batch, side, side, 3), dtype=np.uint8) for seed in (0, 1)]
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        detector.probabilities(*dates)
        times.append((time.perf_counter() - start) / batch)
    return sorted(times)[rounds // 2]


if __name__ == "__main__":
    main()
