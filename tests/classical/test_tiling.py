"""Tiles read with as much around them as the detector asks for give what the whole scene does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from classical.conftest import drawn_pair, make_pair
from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.classical.scene import ClassicalScene
from minenetcd.geo.align import Pair

PAIR = drawn_pair(3)
HOLED = make_pair(PAIR.before, PAIR.after, np.random.default_rng(0).random((96, 96)) > 0.02)


def tiled(scene: ClassicalScene, pair: Pair, side: int) -> np.ndarray:
    height, width = pair.valid.shape
    found = np.full(pair.valid.shape, np.nan, np.float32)
    for row in range(0, height, side):
        for col in range(0, width, side):
            top, left = max(0, row - scene.reach), max(0, col - scene.reach)
            window = np.s_[top : row + side + scene.reach, left : col + side + scene.reach]
            dates = pair.before[window][None], pair.after[window][None]
            tile = scene.scores(dates, pair.valid[window][None])[0, 0]
            found[row : row + side, col : col + side] = tile[row - top :, col - left :][:side, :side]
    return found


@given(
    name=st.sampled_from(list(CLASSICAL)),
    smooth=st.integers(0, 4),
    side=st.integers(9, 96),
    pair=st.sampled_from([PAIR, HOLED]),
    guard=st.sampled_from(["", "-guarded"]),
)
@settings(max_examples=20, deadline=None)
def test_scores_do_not_depend_on_tiles(name: str, smooth: int, side: int, pair: Pair, guard: str) -> None:
    rule = create_classical(name).threshold_rule + guard
    scene = create_classical(name, smooth=smooth, threshold_rule=rule).for_scene([pair])
    whole = scene.scores((pair.before[None], pair.after[None]), pair.valid[None])[0, 0]
    assert_allclose(tiled(scene, pair, side)[pair.valid], whole[pair.valid], atol=1e-6)


@pytest.mark.parametrize("name", list(CLASSICAL))
def test_reach_is_how_far_a_pixel_is_felt(name: str) -> None:
    scene = create_classical(name, smooth=2).for_scene([PAIR])
    after = PAIR.after.copy()
    after[50, 40] = 255 - after[50, 40]
    one, other = (scene.scores((PAIR.before[None], date[None]), PAIR.valid[None])[0, 0] for date in (PAIR.after, after))
    rows, cols = np.nonzero(np.abs(one - other) > 1e-6)
    assert 2 < max(np.abs(rows - 50).max(), np.abs(cols - 40).max()) <= scene.reach


@pytest.mark.parametrize("name", list(CLASSICAL))
def test_windows_teach_what_the_whole_scene_does(name: str) -> None:
    halves = [make_pair(PAIR.before[rows], PAIR.after[rows]) for rows in (np.s_[:48], np.s_[48:])]
    one, other = (create_classical(name).for_scene(sample) for sample in ([PAIR], halves))
    assert other.cut == pytest.approx(one.cut, rel=0.02 if name == "pca-kmeans" else 1e-9)
