"""Blending is a weighted mean, exact where tiles agree, in the memory of one row of tiles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from minenetcd.detectors.blending import Blender, tile_weights
from minenetcd.detectors.tiling import Tile, plan_tiles

sides = st.integers(1, 150)
tile_sides = st.integers(32, 64)
overlaps = st.floats(0, 0.9)
probabilities = st.floats(0, 1, width=32)


def blend(shape: tuple[int, int], plan: list[Tile], squares: list[NDArray], valid: NDArray | None = None) -> NDArray:
    """The whole region, put together from the strips as they become ready."""
    valid = np.ones(shape, dtype=bool) if valid is None else valid
    blender = Blender(shape[1], plan[0].side)
    result = np.full(shape, -1, dtype=np.float32)
    for tile, square in zip(plan, squares, strict=True):
        row, values = blender.finish(tile.row)
        result[row : row + len(values)] = values
        place = np.s_[tile.row : tile.row + tile.height, tile.col : tile.col + tile.width]
        blender.feed(tile, tile.crop(square), valid[place])
    row, values = blender.finish(shape[0])
    result[row : row + len(values)] = values
    return result


@settings(deadline=None)
@given(st.integers(1, 2000))
def test_weights_are_above_zero_and_symmetric(side: int) -> None:
    weights = tile_weights(side)
    assert weights.shape == (side, side) and weights.dtype == np.float32
    assert weights.min() > 0
    np.testing.assert_allclose(weights, weights[::-1, ::-1], rtol=1e-4)
    np.testing.assert_allclose(weights, weights.T, rtol=1e-6)


def test_between_two_tiles_the_deeper_has_the_say_without_an_edge() -> None:
    """Two tiles of 640 pixels that share 128: what the right one counts for, column by column."""
    left, right = tile_weights(640)[320, -128:], tile_weights(640)[320, :128]
    share = right / (left + right)
    np.testing.assert_allclose(share + share[::-1], 1, atol=1e-6)
    assert share[16] < 0.001 and share[32] < 0.02 and (np.diff(share) >= 0).all() and np.diff(share).max() < 0.04


@settings(max_examples=40, deadline=None)
@given(sides, sides, tile_sides, overlaps, probabilities)
def test_tiles_of_one_value_give_that_value(height: int, width: int, side: int, overlap: float, value: float) -> None:
    plan = plan_tiles(height, width, side, overlap)
    blended = blend((height, width), plan, [np.full((side, side), value, np.float32)] * len(plan))
    assert (blended == np.float32(value)).all()


@settings(deadline=None)
@given(st.integers(1, 64), st.integers(1, 64), st.integers(0, 9))
def test_one_tile_gives_that_tile(height: int, width: int, seed: int) -> None:
    square = np.random.default_rng(seed).random((64, 64), dtype=np.float32)
    plan = plan_tiles(height, width, 64, 0.5)
    assert np.array_equal(blend((height, width), plan, [square]), square[:height, :width])


@settings(max_examples=40, deadline=None)
@given(sides, sides, tile_sides, overlaps, st.integers(0, 9))
def test_it_is_the_weighted_mean(height: int, width: int, side: int, overlap: float, seed: int) -> None:
    plan = plan_tiles(height, width, side, overlap)
    squares = list(np.random.default_rng(seed).random((len(plan), side, side), dtype=np.float32))
    total, weight = np.zeros((2, height, width))
    for tile, square in zip(plan, squares, strict=True):
        place = np.s_[tile.row : tile.row + tile.height, tile.col : tile.col + tile.width]
        weights = tile.crop(tile_weights(side)).astype(np.float64)
        total[place] += weights * tile.crop(square)
        weight[place] += weights
    np.testing.assert_allclose(blend((height, width), plan, squares), total / weight, atol=1e-5)


def test_what_is_not_valid_is_nan_and_does_not_spread() -> None:
    plan = plan_tiles(100, 130, 64, 0.5)
    valid = np.random.default_rng(0).random((100, 130)) > 0.3
    squares = [np.full((64, 64), 0.25, np.float32) for _ in plan]
    poisoned = [
        np.where(valid[t.row : t.row + 64, t.col : t.col + 64], square, np.nan)
        for t, square in zip(plan, squares, strict=True)
    ]
    blended = blend((100, 130), plan, poisoned, valid)
    assert np.array_equal(np.isfinite(blended), valid)
    assert (blended[valid] == 0.25).all()


def test_a_finished_row_cannot_be_changed() -> None:
    blender = Blender(64, 32)
    blender.finish(16)
    with pytest.raises(ValueError, match="top to bottom: rows above 16 are finished, got 0"):
        blender.feed(Tile(0, 0, 32, 32, 32), np.zeros((32, 32), np.float32), np.ones((32, 32), bool))


def test_rows_no_tile_has_reached_are_left_out() -> None:
    row, values = Blender(64, 32).finish(1000)
    assert row == 0 and values.shape == (32, 64) and np.isnan(values).all()
