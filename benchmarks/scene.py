"""How fast a scene is mapped, and what share of that the network itself takes.

    python benchmarks/scene.py [--size 2048] [--model minenetcd-nano] [--tile 384] [--overlap 0.5]

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
from minenetcd.constants import OVERLAP
from minenetcd.detectors.tiling import looks, plan_tiles
from minenetcd.geo.align import open_pair
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.prediction.inference import batch_size
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from minenetcd.synthetic import make_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--model", default="minenetcd-nano")
    parser.add_argument("--tile", type=int)
    parser.add_argument("--overlap", type=float, default=OVERLAP)
    arguments = parser.parse_args()
    detector = minenetcd.from_pretrained(arguments.model)
    options = PredictOptions(tile=arguments.tile, overlap=arguments.overlap)
    side = arguments.tile or detector.tile
    with tempfile.TemporaryDirectory() as folder:
        before, after = _rasters(Path(folder), arguments.size)
        with open_pair(before, after) as pair:
            height, width = pair.overlap.height, pair.overlap.width
            plan = plan_tiles(height, width, side, options.overlap)
        alone = len(plan) * _seconds_per_tile(detector.for_inference(), side, batch_size(options, side))
        start = time.perf_counter()
        with predict_scene(detector, before, after, Path(folder) / "out", options=options) as result:
            whole = time.perf_counter() - start
        megapixels = result.valid_pixels / 1e6
        print(f"{len(plan)} tiles of {side} pixels, {looks(plan, height, width):.2f} looks at each pixel")
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


def _seconds_per_tile(detector: minenetcd.ChangeDetector, side: int, batch: int, rounds: int = 8) -> float:
    dates = [np.random.default_rng(seed).integers(0, 255, (batch, side, side, 3), dtype=np.uint8) for seed in (0, 1)]
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        detector.probabilities(*dates)
        times.append((time.perf_counter() - start) / batch)
    return sorted(times)[rounds // 2]


if __name__ == "__main__":
    main()
