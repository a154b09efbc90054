"""Very many results out of one real one: the same files, each with numbers, dates and a place of its own."""

import json
import os
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from minenetcd.prediction.outputs import SUMMARY

MAP = "change.tif"


def many_sites(result: Path, out: Path, count: int) -> Path:
    """`count` folders in `out`, called site-0001 and so on, over the land of one UTM zone and its neighbours."""
    random = np.random.default_rng(5)
    summary = json.loads((result / SUMMARY).read_text())
    for number in range(1, count + 1):
        folder = out / f"site-{number:04d}"
        folder.mkdir(parents=True)
        for path in result.iterdir():
            if path.is_file() and path.name not in (SUMMARY, MAP):
                os.link(path, folder / path.name)
        hectares = float(np.round(random.lognormal(2, 1.5), 2))
        summary["hectares"]["changed"], summary["places"] = hectares, int(random.integers(1, 90))
        summary["before"]["source"] = f"mine-{number:04d}-2019.tif"
        (folder / SUMMARY).write_text(json.dumps(summary))
        corner = Affine.translation(random.uniform(-2e6, 3e6), random.uniform(1e6, 7e6))
        with rasterio.open(
            folder / MAP, "w", driver="GTiff", height=20, width=20, count=1, dtype="uint8", crs="EPSG:32633",
            transform=corner @ Affine.scale(10, -10),
        ):  # fmt: skip
            pass
    return out
