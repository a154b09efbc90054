"""Small copies of large rasters: what they show is what the files show, without reading most of them again."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.display.eight_bit import Stretch
from minenetcd.geo.raster import Raster
from minenetcd.web.results.far_copy import MOST_COPIED, MOST_READ, FarCopy, needs_copy, times_smaller
from minenetcd.web.results.layers import RasterLayer, date_layer
from minenetcd.web.results.placement import Placement

SIDE = 3000  # more than a copy has, fewer than need one
GRID = utm_grid(SIDE, SIDE)


def pattern(dtype: str) -> np.ndarray:
    """Checks of 100 pixels (H, W, 3), from 0 to 200, and no data where a corner is."""
    rows, columns = np.indices((SIDE, SIDE)) // 100
    pixels = ((rows + columns) % 2 * 100 + 50)[..., np.newaxis] + np.array([0, 20, 40])
    pixels[:600, :450] = 0
    return pixels.astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_copy_is_the_mean_of_what_is_known_on_the_same_ground(tmp_path: Path, dtype: str) -> None:
    path = write_geotiff(tmp_path / "large.tif", pattern(dtype), GRID, nodata=0)
    with Raster.open(path) as raster:
        copy = FarCopy(raster)
    with copy.opened().laid_on(copy.grid) as small:
        pixels, valid = small.read_small(10_000)
    assert small.grid.shape == (2000, 2000) and small.dtype == dtype
    assert small.grid.bounds == pytest.approx(tuple(GRID.bounds))
    assert not valid[:400, :300].any() and valid[401:].all() and valid[:, 301:].all()
    known = pixels[valid].astype(float)
    assert known[:, 0].min() == 50 and known[:, 2].max() == 190  # no pixel of no data is in any mean
    assert known.mean(axis=0) == pytest.approx([100, 120, 140], abs=0.5)


def test_a_layer_shows_the_same_by_its_copy(tmp_path: Path) -> None:
    path = write_geotiff(tmp_path / "large.tif", pattern("uint8"), GRID, nodata=0)
    with Raster.open(path) as raster:
        plain = date_layer(raster, Placement(GRID), Stretch(np.zeros(3), np.full(3, 255.0), 1.0))
        with_copy = RasterLayer(raster, plain.placement, plain.colour, far=FarCopy(raster))
    seen_tiles = (tile for tile in plain.placement.tiles(plain.placement.maxzoom - 2) if not plain.is_empty(tile))
    first = next(seen_tiles)
    assert with_copy.far is not None and with_copy.far.suits(first.grid, GRID)
    own, copied = plain.seen(first.grid), with_copy.seen(first.grid)
    assert own is not None and copied is not None
    both = own[1] & copied[1]
    assert both.any() and (own[1] != copied[1]).mean() < 0.01
    assert np.abs(own[0][both].astype(int) - copied[0][both]).mean() < 3
    path.unlink()  # what is seen from far needs the file no more
    assert with_copy.seen(first.grid) is not None
    assert not with_copy.far.suits(next(iter(plain.placement.tiles(plain.placement.maxzoom))).grid, GRID)


def test_what_has_overviews_or_is_small_needs_no_copy(tmp_path: Path) -> None:
    def empty(name: str, side: int) -> Path:
        path = tmp_path / name
        with rasterio.open(
            path, "w", driver="GTiff", height=side, width=side, count=3, dtype="uint8", tiled=True, SPARSE_OK=True,
            transform=Affine.translation(4e5, 5e6) @ Affine.scale(1, -1), crs="EPSG:32633",
        ):  # fmt: skip
            return path

    def needs(path: Path) -> bool:
        with Raster.open(path) as raster:
            return needs_copy(raster)

    large = empty("large.tif", 4200)
    assert needs(large) and not needs(empty("small.tif", 3900))
    with rasterio.open(large, "r+") as stored:
        stored.build_overviews([2, 4, 8])
    assert not needs(large)


@pytest.mark.parametrize(("side", "times"), [(1000, 1.0), (4000, 2.0), (10_000, 5.0), (100_000, 8.0)])
def test_tiles_between_a_copy_and_the_file_stay_cheap(side: int, times: float) -> None:
    assert times_smaller(utm_grid(side, side)) == pytest.approx(times)
    assert (256 * times) ** 2 <= MOST_READ and MOST_COPIED < MOST_READ
