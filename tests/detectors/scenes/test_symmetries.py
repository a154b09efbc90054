"""The mean over the symmetries of a tile does not hang on how the tile is turned."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minenetcd
from detectors.small_detector import images
from minenetcd.detectors.scenes.symmetries import COUNT, InSymmetries
from minenetcd.geo.align import Pair
from minenetcd.prediction.options import PredictOptions


class Slanted:
    """Says most in the north-east of a tile, and what the dates hold."""

    reach = None
    exact = None

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def scores(self, dates: Sequence[NDArray[Any]], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
        self.shapes.append(valid.shape)
        height, width = valid.shape[1:]
        slope = np.linspace(0, 0.4, width)[np.newaxis] + np.linspace(0.2, 0, height)[:, np.newaxis]
        return (slope + 0.4 * dates[1][..., 0] / 255)[:, np.newaxis].astype(np.float32)


def test_a_mean_over_symmetries_turns_with_the_ground() -> None:
    rng, scene = np.random.default_rng(0), Slanted()
    dates = [rng.integers(0, 256, (2, 32, 64, 3)) for _ in range(2)]
    valid = np.ones((2, 32, 64), bool)
    whole = InSymmetries(scene).scores(dates, valid)
    assert scene.shapes.count((2, 32, 64)) == scene.shapes.count((2, 64, 32)) == COUNT // 2
    plain = scene.scores(dates, valid)
    assert not np.allclose(whole, plain) and whole.dtype == np.float32
    for flip in (np.s_[:, ::-1], np.s_[:, :, ::-1], np.s_[:, ::-1, ::-1]):
        again = InSymmetries(scene).scores([date[flip] for date in dates], valid)
        np.testing.assert_allclose(again[:, 0][flip], whole[:, 0], atol=1e-6)
    turned = InSymmetries(scene).scores([np.rot90(date, axes=(1, 2)) for date in dates], np.rot90(valid, axes=(1, 2)))
    np.testing.assert_allclose(np.rot90(turned[:, 0], -1, axes=(1, 2)), whole[:, 0], atol=1e-6)


def test_a_network_is_asked_in_its_symmetries(detector: minenetcd.ChangeDetector, tmp_path: Path) -> None:
    before, after = images(64, 96)
    valid = np.ones((64, 96), bool)
    plain = detector.for_scene([Pair.of_arrays(before, after, valid)])
    expected = InSymmetries(plain).scores([before[None], after[None]], valid[None])[0, 0]
    assert np.abs(expected - plain.scores([before[None], after[None]], valid[None])[0, 0]).max() > 1e-3
    paths = [tmp_path / "b.png", tmp_path / "a.png"]
    for path, pixels in zip(paths, (before, after), strict=True):
        write_picture(path, pixels)
    options = PredictOptions(symmetries=True, float_probability=True)
    with minenetcd.predict(detector, *paths, options=options) as found:
        np.testing.assert_allclose(found.probability, expected, atol=1e-5)


def write_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    from PIL import Image

    Image.fromarray(pixels).save(path)
