"""Pieces pasted into a ground: what is labelled, what is not, and that drawing is a function of its generator."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import Generator, default_rng

from minenetcd.constants import UNKNOWN
from minenetcd.synthetic.canvas.noise import Canvas, Field
from minenetcd.synthetic.pasting.colours import bare_share, colour_difference
from minenetcd.synthetic.pasting.outlines import draw_outline
from minenetcd.synthetic.pasting.pair import paste_pair
from minenetcd.synthetic.pasting.pastes import label, paste
from minenetcd.synthetic.pasting.rules import PastingRules, varied

SIZE = 64
CHANGES = PastingRules(light=0, alike=0, bare=0, faint=0, soft=0, elsewhere=0, feather=(0.01, 0.01), radius=(6, 16))


def plain(level: float, height: int = SIZE, width: int = SIZE) -> Field:
    return np.full((3, height, width), level, np.float32)


def other(rng: Generator, height: int, width: int) -> Field:
    return plain(0.9, height, width)


def same(rng: Generator, height: int, width: int) -> Field:
    return plain(0.35, height, width)


@pytest.mark.parametrize("seed", range(4))
def test_the_label_is_the_pasted_outline(seed: int) -> None:
    picture, labels = paste(default_rng(seed), Canvas(SIZE, 1.0), plain(0.3), other, CHANGES)
    assert labels.any() and np.array_equal(labels == 1, picture[0] > 0.6)


@pytest.mark.parametrize("seed", range(4))
def test_what_fades_in_softly_is_not_labelled_where_it_fades(seed: int) -> None:
    rules = replace(CHANGES, soft=1, soft_edge=(8, 16), most=1)
    picture, labels = paste(default_rng(seed), Canvas(SIZE, 1.0), plain(0.3), other, rules)
    share = (picture[0] - 0.3) / 0.6
    assert (share[labels == 1] > 0.65).all() and (share[labels == 0] < 0.15).all() and (labels == UNKNOWN).any()


@pytest.mark.parametrize("is_change", [False, True])
def test_where_a_soft_edge_reaches_into_another_change_nothing_is_labelled(is_change: bool) -> None:
    where = np.zeros((SIZE, SIZE), bool)
    where[:, 30:] = True
    share = np.where(where, 1, np.linspace(0, 0.9, SIZE)[None] ** 2).astype(np.float32)
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[:20, :25] = 1  # another, pasted before
    label(labels, where, share, is_change=is_change, is_soft=False)
    assert (labels[:20, :25] == 1).all()  # hard edges keep away from it
    label(labels, where, share, is_change=is_change, is_soft=True)
    fades = share[:20, :25] > 0.1
    assert fades.any() and (labels[:20, :25] == np.where(fades, UNKNOWN, 1)).all()
    assert (labels[:, 30:] == int(is_change)).all() and (labels[30:, :10] == 0).all()


def test_faint_change_shows_what_it_covers() -> None:
    rules = replace(CHANGES, faint=1, strength=(0.5, 0.5))
    picture, labels = paste(default_rng(0), Canvas(SIZE, 1.0), plain(0.3), other, rules)
    assert np.allclose(picture[0][labels == 1], 0.6, atol=0.01)


def test_another_place_is_change_without_an_edge() -> None:
    rules = replace(CHANGES, changed=1, elsewhere=1)
    half = np.concatenate([plain(0.9, SIZE, SIZE // 2), plain(0.35, SIZE, SIZE // 2)], axis=2)
    pair = paste_pair(default_rng(0), (plain(0.3), plain(0.3)), lambda *_: half, rules)
    assert (pair.mask[:, :24] == 1).all() and (pair.mask[:, -24:] == UNKNOWN).all()


def test_varied_rules_are_those_given_or_one_of_the_others() -> None:
    rng = default_rng(0)
    drawn = [varied(rng, CHANGES, 0.6) for _ in range(200)]
    assert 50 < sum(rules == CHANGES for rules in drawn) < 110 and len(set(drawn)) == 4
    assert {varied(rng, CHANGES, 0) for _ in range(20)} == {CHANGES}


def test_ground_of_the_same_kind_and_other_light_are_no_change() -> None:
    for rules, filling in (
        (PastingRules(light=0, alike=1), same),
        (PastingRules(light=0, alike=0, bare=0), same),
        (PastingRules(light=1), other),
    ):
        pasted = [paste(default_rng(seed), Canvas(SIZE, 1.0), plain(0.3), filling, rules) for seed in range(5)]
        assert not any(labels.any() for _, labels in pasted)
    assert all((picture != 0.3).any() for picture, _ in pasted)


def test_pairs_are_functions_of_their_generator() -> None:
    rng = default_rng(1)
    ground = rng.random((3, SIZE, SIZE), dtype=np.float32)
    first, again, another = (paste_pair(default_rng(seed), (ground, ground), other, CHANGES) for seed in (5, 5, 6))
    assert np.array_equal(first.before, again.before) and np.array_equal(first.mask, again.mask)
    assert first.before.shape == (SIZE, SIZE, 3) and first.before.dtype == np.uint8
    assert not np.array_equal(first.after, another.after)


def test_a_pair_without_pastes_or_effects_is_two_views_of_its_ground() -> None:
    rules = PastingRules(changed=0, season=0, shift=0, haze=0, shadow=0)
    pair = paste_pair(default_rng(0), (plain(0.4), plain(0.4)), other, rules)
    assert not pair.mask.any()
    assert all(np.ptp(band) < 60 for date in (pair.before, pair.after) for band in np.moveaxis(date, -1, 0))


@pytest.mark.parametrize("seed", range(3))
def test_outlines_keep_to_their_size(seed: int) -> None:
    rng = default_rng(seed)
    areas = [draw_outline(rng, Canvas(128, 1.0), (4, 8)).sum() for _ in range(20)]
    assert 0 < max(areas) < 40 * 40


def test_colours_and_bareness_by_hand() -> None:
    everywhere = np.ones((SIZE, SIZE), bool)
    assert colour_difference(plain(0.2), plain(0.5), everywhere) == pytest.approx(0.3, abs=1e-5)
    green = np.stack([plain(0.4)[0], plain(0.7)[0], plain(0.4)[0]])
    assert bare_share(plain(0.6), everywhere) == 1 and bare_share(green, everywhere) == 0
    assert bare_share(plain(0.2), everywhere) == 0
