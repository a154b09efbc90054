"""The numbers of the methods on a real pair (Landsat, Taizhou), to the digit."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from minenetcd.classical.catalog import create_classical
from minenetcd.classical.sfa import slow_features
from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.mad import canonical_variates, irmad
from minenetcd.geo.no_change.pixels import ScenePixels

GOLDENS = [
    ("cva-raw", {}, "45.65", (1375, 4314, 2852, 12849)),
    ("cva", {}, "3.2707", (3587, 56, 640, 17107)),
    ("irmad", {"passes": 1}, "2.9386", (3701, 751, 526, 16412)),
    ("irmad", {}, "10.676", (3861, 83, 366, 17080)),
    pytest.param("irmad", {"tolerance": 1e-8}, "10.720", (3869, 94, 358, 17069), marks=pytest.mark.slow),  # 75 passes
    ("isfa", {}, "10.895", (3758, 68, 469, 17095)),
]


def counts(name: str, options: dict[str, Any], pair: Pair, label: NDArray[np.uint8]) -> tuple[float, tuple[int, ...]]:
    """The threshold, and TP, FP, FN, TN of the scores from 0.5 on."""
    scene = create_classical(name, **options).for_scene([pair])
    scores = scene.scores((pair.before[None], pair.after[None]), pair.valid[None])[0, 0]
    found = [np.sum(changed & (label == truth)) for changed in (scores >= 0.5, scores < 0.5) for truth in (255, 0)]
    return scene.cut, tuple(map(int, found))


@pytest.mark.parametrize(("name", "options", "threshold", "expected"), GOLDENS)
def test_golden(
    name: str,
    options: dict[str, Any],
    threshold: str,
    expected: tuple[int, ...],
    taizhou: Pair,
    taizhou_label: NDArray[np.uint8],
) -> None:
    cut, found = counts(name, options, taizhou, taizhou_label)
    assert f"{cut:.{len(threshold.partition('.')[2])}f}" == threshold
    assert found == expected


def test_pca_kmeans_is_within_sixty_pixels(taizhou: Pair, taizhou_label: NDArray[np.uint8]) -> None:
    _, found = counts("pca-kmeans", {}, taizhou, taizhou_label)
    assert np.abs(np.subtract(found, (3713, 78, 514, 17085))).max() <= 60


def test_canonical_correlations_and_slow_features(taizhou: Pair) -> None:
    pixels = ScenePixels.of([taizhou])
    first = canonical_variates(pixels.whole).roots
    assert_allclose(first, [0.113582, 0.305496, 0.476108, 0.542166, 0.713781, 0.813041], atol=6e-7)
    passes = irmad(pixels)
    assert len(passes) == 16
    assert_allclose(passes[-1].roots, [0.454819, 0.570291, 0.705150, 0.873597, 0.966266, 0.982181], atol=6e-7)
    slow = slow_features(pixels.whole).roots
    assert_allclose(slow, [0.633342, 0.814386, 0.968187, 1.050550, 1.294851, 1.468508], atol=6e-7)


@pytest.mark.slow  # 75 passes
def test_canonical_correlations_far_on(taizhou: Pair) -> None:
    passes = irmad(ScenePixels.of([taizhou]), tolerance=1e-8)
    assert len(passes) == 75
    assert_allclose(passes[-1].roots, [0.457620, 0.572654, 0.708741, 0.876158, 0.967162, 0.983293], atol=6e-7)
