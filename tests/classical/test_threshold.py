"""Rules that split values, and the guard that lets none of them split a scene without change."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift

from classical.conftest import drawn_pair, make_pair
from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.classical.threshold import RULES
from minenetcd.geo.align import Pair

GUARDED = ["otsu-guarded", "k-means-guarded", "kittler-illingworth-guarded"]


@pytest.mark.parametrize("rule", RULES.values())
def test_two_heaps_are_split_between_them(rule: Callable[[NDArray[np.float64]], float]) -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(10, 1, 900), rng.normal(30, 2, 100)])
    assert 13 < rule(values) < 26


@given(st.floats(0, 1e6), st.integers(1, 50), st.sampled_from(sorted(RULES)))
def test_one_number_is_not_split(value: float, count: int, name: str) -> None:
    assert RULES[name](np.full(count, value)) == np.inf


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=60, unique=True), st.sampled_from(sorted(RULES)))
def test_a_split_leaves_values_on_both_sides(values: list[float], name: str) -> None:
    assume(max(values) - min(values) > max(1e-8 * max(values), 1e-290))  # less is rounding
    split = RULES[name](np.array(values))
    assert min(values) < split <= max(values) * (1 + 1e-9)


def ground(seed: int) -> NDArray[np.float32]:
    """Fields, and texture in them, 0 to 255 (128, 128, 3)."""
    rng = np.random.default_rng(seed)
    fields = rng.uniform(60, 190, (8, 8, 3)).repeat(16, axis=0).repeat(16, axis=1)
    texture = gaussian_filter(rng.normal(size=(128, 128)), 1)
    return (gaussian_filter(fields, (1, 1, 0)) + 12 * (texture / texture.std())[..., None]).astype(np.float32)


def disturbed(image: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    rng = np.random.default_rng(1)
    yield "noise", image + rng.normal(0, 10, image.shape)
    yield "blur", gaussian_filter(image, (1.5, 1.5, 0))
    yield "tone", image * np.float32([0.8, 1.0, 1.2]) + 10
    yield "shift", shift(image, (0.3, 0.2, 0), order=1, mode="nearest")
    yield "haze", image + (235 - image) * np.linspace(0, 0.3, len(image))[:, None, None]


def changed_share(name: str, rule: str, pair: Pair) -> float:
    scene = create_classical(name, threshold_rule=rule).for_scene([pair])
    scores = scene.scores((pair.before[None], pair.after[None]), pair.valid[None])
    return float((scores >= 0.5).mean())


@pytest.mark.parametrize("name", ["cva", "irmad", "pca-kmeans"])
@pytest.mark.parametrize("rule", GUARDED)
def test_with_a_guard_an_image_against_itself_is_unchanged(name: str, rule: str) -> None:
    image = ground(0)
    for disturbance, other in disturbed(image):
        pair = make_pair(*(each.clip(0, 255).astype(np.uint8) for each in (image, other)))
        assert changed_share(name, rule, pair) <= 0.02, disturbance


@pytest.mark.parametrize("name", list(CLASSICAL))
@pytest.mark.parametrize("blur", [0, 0.5])
def test_with_a_guard_noise_is_unchanged(name: str, blur: float) -> None:
    rng = np.random.default_rng(0)
    dates = [gaussian_filter(rng.normal(100, 9, (128, 128, 3)), (blur, blur, 0)) for _ in range(2)]
    assert changed_share(name, "otsu", make_pair(*dates)) > 0.1
    assert changed_share(name, "otsu-guarded", make_pair(*dates)) == 0


@pytest.mark.parametrize("name", ["cva", "irmad", "isfa", "pca-kmeans"])
@pytest.mark.parametrize("smooth", [0, 2])
def test_a_guard_leaves_change_that_can_be_seen(name: str, smooth: int) -> None:
    pair = drawn_pair()
    scene = create_classical(name, threshold_rule="otsu-guarded", smooth=smooth).for_scene([pair])
    found = scene.scores((pair.before[None], pair.after[None]), pair.valid[None])[0, 0] >= 0.5
    assert found[28:44, 36:44].mean() > 0.95 and found.mean() < 0.08
