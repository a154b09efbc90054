"""Tiles cover a scene, in order, and are full."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.windows import Window

from minenetcd.constants import LEAST_SIDE
from minenetcd.detectors.tiling import Tile, looks, plan_tiles
from minenetcd.prediction.options import PredictOptions

sides = st.integers(1, 300)
tile_sides = st.integers(32, 96)
overlaps = st.floats(0, 0.9)


@settings(deadline=None)
@given(sides, sides, tile_sides, overlaps)
def test_every_pixel_is_covered_and_no_tile_leaves_the_region(
    height: int, width: int, side: int, overlap: float
) -> None:
    seen = np.zeros((height, width), dtype=int)
    for tile in plan_tiles(height, width, side, overlap):
        assert 0 <= tile.row <= tile.row + tile.height <= height
        assert 0 <= tile.col <= tile.col + tile.width <= width
        for within, whole in ((tile.height, height), (tile.width, width)):
            assert min(side, whole) - LEAST_SIDE < within <= side
        seen[tile.row : tile.row + tile.height, tile.col : tile.col + tile.width] += 1
    assert seen.min() >= 1


@settings(deadline=None)
@given(sides, sides, tile_sides, overlaps)
def test_tiles_come_row_by_row_without_repeats(height: int, width: int, side: int, overlap: float) -> None:
    places = [(tile.row, tile.col) for tile in plan_tiles(height, width, side, overlap)]
    assert places == sorted(set(places))


@settings(deadline=None)
@given(st.integers(1, 64), st.integers(1, 64), overlaps)
def test_a_scene_within_a_tile_is_one_tile(height: int, width: int, overlap: float) -> None:
    assert plan_tiles(height, width, 64, overlap) == [Tile(0, 0, height, width, 64)]


def test_neighbours_share_the_overlap_and_the_last_is_moved_back() -> None:
    assert [tile.col for tile in plan_tiles(64, 150, 64, 0.5)] == [0, 32, 64, 86]
    assert [tile.col for tile in plan_tiles(64, 128, 64, 0.0)] == [0, 64]


@pytest.mark.parametrize("overlap", [0.2, 0.25, 0.5])
def test_tiles_that_overlap_begin_where_trunks_do_and_are_full_but_at_the_end(overlap: float) -> None:
    plan = plan_tiles(128, 500, 128, overlap)
    assert all(tile.col % LEAST_SIDE == 0 for tile in plan)
    assert all(one.col + one.width - other.col >= overlap * 128 for one, other in pairwise(plan))
    assert all(tile.fill(np.zeros((tile.height, tile.width))).shape == (128, 128) for tile in plan)
    assert plan[-1].col + plan[-1].width == 500 and plan[-1].width > 128 - LEAST_SIDE


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([256, 384, 768]))
def test_a_large_scene_is_looked_at_less_than_twice_and_a_small_one_at_most_four_times(
    height: int, width: int, side: int
) -> None:
    overlap = PredictOptions().overlap
    assert looks(plan_tiles(24_000, 24_000, side, overlap), 24_000, 24_000) <= 1.8
    assert 1 <= looks(plan_tiles(height, width, side, overlap), height, width) < 4
    if min(height, width) >= 4 * side:
        assert looks(plan_tiles(height, width, side, overlap), height, width) < 2.2


def test_a_scene_cut_by_half_a_tile_is_tiled_at_the_same_places() -> None:
    whole = {tile.col for tile in plan_tiles(64, 640, 64, 0.5)}
    cut = {tile.col + 32 for tile in plan_tiles(64, 640 - 32, 64, 0.5)}
    assert cut == whole - {0}


@settings(deadline=None)
@given(st.integers(1, 64), st.integers(1, 64))
def test_filling_mirrors_up_to_a_multiple_of_32_and_cropping_undoes_it(height: int, width: int) -> None:
    tile = Tile(0, 0, height, width, 64)
    pixels = np.arange(height * width * 3).reshape(height, width, 3)
    filled = tile.fill(pixels)
    assert filled.shape == (32 if height <= 32 else 64, 32 if width <= 32 else 64, 3)
    assert np.array_equal(tile.crop(filled), pixels)
    if 1 < height < len(filled):
        assert np.array_equal(filled[height, :width], pixels[height - 2])


def test_no_tile_is_filled_beyond_its_side() -> None:
    assert Tile(0, 0, 90, 97, 100).fill(np.zeros((90, 97))).shape == (96, 100)


def test_a_full_tile_is_not_copied() -> None:
    pixels = np.zeros((64, 64), dtype=bool)
    assert Tile(0, 0, 64, 64, 64).fill(pixels) is pixels


@pytest.mark.parametrize(("row", "col"), [(0, 0), (7, 32)])
def test_its_window_starts_from_the_region(row: int, col: int) -> None:
    assert Tile(row, col, 20, 30, 32).window(Window(100, 200, 60, 60)) == Window(100 + col, 200 + row, 30, 20)
