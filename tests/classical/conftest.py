"""Pairs in memory, and the real one that the goldens are of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.geo.align import Pair, open_pair
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster

MakePair = Callable[..., Pair]


def make_pair(before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> Pair:
    """Two dates (H, W, C), valid everywhere unless said."""
    shape = before.shape[:2]
    return Pair(before, after, np.ones(shape, bool) if valid is None else valid, Grid(*shape, Affine.identity(), None))


def drawn_pair(seed: int = 0, *, side: int = 96, bands: int = 3, changed: bool = True) -> Pair:
    """Blurred noise in all bands, noise of its own in each date, and a square of other ground in the second."""
    rng = np.random.default_rng(seed)
    ground = rng.normal(0, 25, (side // 8, side // 8, bands)).repeat(8, axis=0).repeat(8, axis=1)
    ground += 120 + rng.normal(0, 6, ground.shape)
    dates = [ground + rng.normal(0, 3, ground.shape) for _ in range(2)]
    if changed:
        dates[1][side // 4 : side // 2, side // 3 : side // 2] += rng.choice([-90, 90], bands)
    before, after = (date.clip(0, 255).astype(np.uint8) for date in dates)
    return make_pair(before, after)


@pytest.fixture(scope="session")
def taizhou(real_images: Path) -> Pair:
    """400 x 400 pixels, six bands."""
    folder = real_images / "landsat_taizhou"
    with open_pair(folder / "A/taizhou.tif", folder / "B/taizhou.tif", bands=(1, 2, 3, 4, 5, 6)) as opened:
        return opened.read(Window(0, 0, 400, 400))


@pytest.fixture(scope="session")
def taizhou_label(real_images: Path) -> NDArray[np.uint8]:
    """255 changed, 0 unchanged, 128 not interpreted (400, 400)."""
    with Raster.open(real_images / "landsat_taizhou/label_sparse/taizhou.tif", bands=(1,)) as raster:
        return raster.read(Window(0, 0, 400, 400))[0][..., 0]
