"""Memory does not grow with the image."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window
from rio_cogeo.cogeo import cog_validate

from geo.conftest import MakeGrid

COPY = """
import resource, sys
import numpy as np
from minenetcd.geo.raster import Raster, RasterWriter
from rasterio.windows import Window

with Raster.open(sys.argv[1]) as raster:
    raster.read(Window(0, 0, 64, 64))
    at_rest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with RasterWriter(sys.argv[2], raster.grid, dtype="uint8") as writer:
        for row in range(0, 6000, 500):
            for col in range(0, 6000, 500):
                window = Window(col, row, 500, 500)
                pixels, _ = raster.read(window)
                writer.write(pixels[..., 0], window)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - at_rest) / 1024)
"""


@pytest.mark.slow
def test_memory_stays_flat_while_a_large_image_is_copied(tmp_path: Path, utm: MakeGrid) -> None:
    """108 MB in, 36 MB out, with 32 MB of GDAL's cache: what is held must not grow with the image."""
    path = tmp_path / "large.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=6000, width=6000, count=3, dtype="uint8", tiled=True, compress="lzw",
        crs=utm(6000, 6000).crs, transform=utm(6000, 6000).transform,
    ) as dataset:  # fmt: skip
        pixels = np.broadcast_to((np.arange(18_000) % 251).astype(np.uint8).reshape(3, 1, 6000), (3, 1000, 6000))
        for top in range(0, 6000, 1000):
            dataset.write(pixels, window=Window(0, top, 6000, 1000))
    result = subprocess.run(
        [sys.executable, "-c", COPY, str(path), str(tmp_path / "out.tif")],
        capture_output=True, text=True, check=True, env={"GDAL_CACHEMAX": "32", "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert float(result.stdout) < 150  # MB above rest
    assert cog_validate(tmp_path / "out.tif")[0]
