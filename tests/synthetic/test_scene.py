"""The synthetic scenes: the same bytes from the same seed, and a truth that only mining moves."""

import numpy as np
import pytest
from scipy import ndimage

from minenetcd.errors import OptionError
from minenetcd.synthetic import SyntheticScene, make_scene
from minenetcd.synthetic.seeds import synthetic_seeds

SEEDS = range(48)


@pytest.fixture(scope="module")
def scenes() -> list[SyntheticScene]:
    return [make_scene(seed, size=96) for seed in SEEDS]


def mean_difference(scene: SyntheticScene, where: np.ndarray) -> float:
    difference = np.abs(scene.before.astype(int) - scene.after.astype(int)).mean(axis=-1)
    return float(difference[where].mean())


@pytest.mark.parametrize("variety", ["plain", "full"])
def test_a_seed_gives_the_same_bytes_again(variety: str) -> None:
    first, second = (make_scene(11, size=96, variety=variety) for _ in range(2))
    assert first.before.tobytes() == second.before.tobytes()
    assert first.after.tobytes() == second.after.tobytes()
    assert first.mask.tobytes() == second.mask.tobytes()
    assert first.metres_per_pixel == second.metres_per_pixel


@pytest.mark.slow
def test_seeds_give_different_scenes(scenes: list[SyntheticScene]) -> None:
    assert len({scene.before.tobytes() for scene in scenes}) == len(scenes)


@pytest.mark.parametrize("size", [16, 33, 101, 256])
def test_shapes_types_and_values(size: int) -> None:
    scene = make_scene(3, size=size)
    assert scene.before.shape == scene.after.shape == (size, size, 3)
    assert scene.mask.shape == (size, size)
    assert scene.before.dtype == scene.after.dtype == scene.mask.dtype == np.uint8
    assert set(np.unique(scene.mask)) <= {0, 1}
    assert scene.before.std() > 2


def test_the_scale_is_drawn_within_its_range_or_taken_as_given(scenes: list[SyntheticScene]) -> None:
    scales = np.array([scene.metres_per_pixel for scene in scenes])
    assert 0.5 <= scales.min() < 0.9 and 5 < scales.max() <= 10
    assert 1.0 < np.median(scales) < 2.5
    assert make_scene(0, size=32, metres_per_pixel=4.5).metres_per_pixel == 4.5


def test_the_changed_share_varies_widely_around_a_seventh(scenes: list[SyntheticScene]) -> None:
    shares = np.array([scene.mask.mean() for scene in scenes])
    assert 0.08 < shares.mean() < 0.24
    assert (shares > 0.3).mean() > 0.08
    assert shares.max() < 0.95


def test_some_scenes_hold_no_change_and_still_look_changed(scenes: list[SyntheticScene]) -> None:
    still = [scene for scene in scenes if not scene.mask.any()]
    assert 0.15 < len(still) / len(scenes) < 0.55
    assert np.median([mean_difference(scene, scene.mask == 0) for scene in still]) > 8


@pytest.mark.parametrize("seed", range(8))
def test_sky_season_and_camera_never_touch_the_mask(seed: int) -> None:
    with_effects = make_scene(seed, size=96)
    without = make_scene(seed, size=96, date_effects=False)
    assert np.array_equal(with_effects.mask, without.mask)
    assert not np.array_equal(with_effects.after, without.after)


def test_without_date_effects_the_change_stands_out() -> None:
    inside, outside = [], []
    for seed in SEEDS[:16]:
        scene = make_scene(seed, size=96, date_effects=False)
        if 0.02 < scene.mask.mean() < 0.9:
            inside.append(mean_difference(scene, scene.mask == 1))
            outside.append(mean_difference(scene, scene.mask == 0))
    assert len(inside) >= 6
    assert np.median(inside) > 2.5 * np.median(outside)


def test_before_and_after_differ_more_where_the_mask_says_so(scenes: list[SyntheticScene]) -> None:
    marked = [scene for scene in scenes if scene.mask.mean() > 0.02]
    higher = [mean_difference(s, s.mask == 1) > mean_difference(s, s.mask == 0) for s in marked]
    assert np.mean(higher) > 0.7


def test_the_mask_has_no_specks(scenes: list[SyntheticScene]) -> None:
    for scene in scenes:
        for truth in (scene.mask, 1 - scene.mask):
            pieces, count = ndimage.label(truth)
            areas = np.bincount(pieces.ravel())[1:]
            assert count == 0 or areas.min() >= 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed must be 0 or more, got -1"),
        ({"seed": 0, "size": 15}, "size must be 16 to 8192 pixels, got 15"),
        ({"seed": 0, "metres_per_pixel": 0.0}, "metres_per_pixel must be 0.1 to 100, got 0.0"),
        ({"seed": 0, "variety": "wild"}, "variety must be 'full' or 'plain', got 'wild'"),
    ],
)
def test_options_out_of_range_are_named(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message) as error:
        make_scene(**options)
    assert "\n" not in str(error.value)


def test_splits_share_no_seed() -> None:
    splits = [set(synthetic_seeds(split, 100_000)) for split in ("train", "val", "test")]
    assert len(set.union(*splits)) == 300_000
    with pytest.raises(KeyError):
        synthetic_seeds("demo", 1)
