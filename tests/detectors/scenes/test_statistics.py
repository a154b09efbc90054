"""What a network standardises by is the scene's, so that tiles fit each other."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from minenetcd.detectors.blending import Blender
from minenetcd.detectors.learned import ChangeDetector, NetworkScene
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.detectors.scenes.statistics import scene_statistics
from minenetcd.detectors.tiling import plan_tiles
from minenetcd.geo.align import Pair
from minenetcd.geo.values import range_limits
from minenetcd.models.catalog import create_model
from minenetcd.synthetic import make_scene
from minenetcd.types import BandStatistics

EIGHT_BITS = (range_limits((0, 255), 3),) * 2
Images = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def images() -> Images:
    """Half of the place is water on both dates: no part of it is like the whole."""
    drawn = make_scene(7, size=448)
    before, after = drawn.before.copy(), drawn.after.copy()
    before[:, :200], after[:, :200] = before[:, :200] // 8 + 20, after[:, :200] // 8 + 20
    return before, after


@pytest.fixture(scope="module")
def detector() -> ChangeDetector:
    torch.manual_seed(0)
    model = create_model("minenetcd_lite", width=12)
    return ChangeDetector(model, preprocessing=Preprocessing(tile=256)).eval()


@pytest.mark.parametrize("order", [("before", "after"), ("after", "before")])
def test_they_are_of_all_valid_pixels_in_the_numbers_and_the_order_of_the_network(
    images: Images, order: tuple[str, str]
) -> None:
    preprocessing = Preprocessing(mean=(0.5, 0.4, 0.3), std=(0.5, 0.25, 0.2), date_order=order)
    valid = np.random.default_rng(0).random(images[0].shape[:2]) > 0.3
    parts = [
        Pair.of_arrays(*(date[rows] for date in images), valid[rows])
        for rows in (np.s_[:17], np.s_[17:250], np.s_[250:])
    ]
    parts.append(Pair.of_arrays(*(date[:40] for date in images), np.zeros((40, 448), bool)))
    found = scene_statistics(parts, EIGHT_BITS, preprocessing, torch.device("cpu"))
    dates = images if order[0] == "before" else images[::-1]
    for statistics, date in zip(found, dates, strict=True):
        pixels = (date[valid] / 255 - preprocessing.mean) / preprocessing.std
        np.testing.assert_allclose(statistics.mean[0, :, 0, 0], pixels.mean(axis=0), rtol=1e-4)
        np.testing.assert_allclose(statistics.deviation[0, :, 0, 0], pixels.std(axis=0), rtol=1e-4)


def test_a_scene_of_one_tile_is_what_the_network_says_of_the_image(detector: ChangeDetector, images: Images) -> None:
    before, after = (date[:256, 100:356] for date in images)
    scene = detector.for_scene([Pair.of_arrays(before, after)], "cpu")
    found = scene.scores((before[None], after[None]), np.ones((1, 256, 256), bool))[0, 0]
    np.testing.assert_allclose(found, detector.probability(before, after), atol=1e-5)
    assert detector.model.of_scene is None


def mapped(scene: NetworkScene, images: Images, *, cut: int) -> NDArray[np.float32]:
    """The scene without so many rows and columns, tile by tile; NaN where it is cut."""
    height, width = (side - cut for side in images[0].shape[:2])
    blender, whole = Blender(width, 256, height=height), np.full(images[0].shape[:2], np.nan, np.float32)
    strips = []
    for tile in plan_tiles(height, width, 256, 0.25):
        strips.append(blender.finish(tile.row))
        place = np.s_[tile.row + cut : tile.row + cut + tile.height, tile.col + cut : tile.col + cut + tile.width]
        dates = [tile.fill(date[place])[np.newaxis] for date in images]
        scores = scene.scores(dates, np.ones(dates[0].shape[:3], bool))[0, 0]
        blender.feed(tile, tile.crop(scores), np.ones((tile.height, tile.width), bool))
    strips.append(blender.finish(height))
    for row, values in strips:
        whole[row + cut : row + cut + len(values), cut:] = values
    return whole


def test_tiles_that_lie_elsewhere_say_nearly_the_same(detector: ChangeDetector, images: Images) -> None:
    """The grid is moved by a third of a tile or so; 96 pixels from where the image is cut are not compared."""
    scene = detector.for_scene([Pair.of_arrays(*images)], "cpu")
    by_tile = replace(scene, ready=detector.for_inference("cpu"))
    moved = {
        name: np.abs(mapped(each, images, cut=64) - mapped(each, images, cut=0))[160:, 160:]
        for name, each in (("scene", scene), ("tile", by_tile))
    }
    assert moved["scene"].mean() < moved["tile"].mean() / 3


def test_networks_that_do_not_standardise_stay_as_they_are() -> None:
    model = create_model("siamunet_diff")
    assert model.in_scene(*(BandStatistics(*torch.rand(2, 1, 3, 1, 1)) for _ in "ab")) is model


def test_of_a_large_scene_some_rows_and_columns_say_enough() -> None:
    """Also where all that is valid lies between them."""
    rng = np.random.default_rng(0)
    before, after = rng.integers(0, 256, (2, 1500, 1500, 3), dtype=np.uint8)
    cpu, whole = torch.device("cpu"), Preprocessing(mean=(0, 0, 0), std=(1, 1, 1))
    of_before, _ = scene_statistics([Pair.of_arrays(before, after)], EIGHT_BITS, whole, cpu)
    exact = torch.from_numpy(before / 255).flatten(0, 1)
    torch.testing.assert_close(of_before.mean.flatten().double(), exact.mean(dim=0), rtol=0, atol=2e-3)
    torch.testing.assert_close(of_before.deviation.flatten().double(), exact.std(dim=0), rtol=0, atol=2e-3)
    valid = np.zeros(before.shape[:2], bool)
    valid[751, 333] = True
    lonely, _ = scene_statistics([Pair.of_arrays(before, after, valid)], EIGHT_BITS, whole, cpu)
    torch.testing.assert_close(lonely.mean.flatten().double(), torch.from_numpy(before[751, 333] / 255))


def test_windows_of_several_sizes_count_by_their_pixels() -> None:
    """A scene's last windows are narrow."""
    rng = np.random.default_rng(0)
    before, after = rng.integers(0, 100, (2, 1100, 2100, 3), dtype=np.uint8)
    before[:, 2048:] += 150
    parts = [Pair.of_arrays(before[:, cut], after[:, cut]) for cut in (np.s_[:1024], np.s_[1024:2048], np.s_[2048:])]
    found, _ = scene_statistics(parts, EIGHT_BITS, Preprocessing(mean=(0, 0, 0), std=(1, 1, 1)), torch.device("cpu"))
    exact = torch.from_numpy(before / 255).flatten(0, 1)
    torch.testing.assert_close(found.mean.flatten().double(), exact.mean(dim=0), rtol=0, atol=3e-3)
    torch.testing.assert_close(found.deviation.flatten().double(), exact.std(dim=0), rtol=0, atol=3e-3)


@pytest.mark.parametrize("order", [("before", "after"), ("after", "before")])
def test_eight_bits_that_are_counted_give_what_their_pixels_give(images: Images, order: tuple[str, str]) -> None:
    """To the last digit of single precision; as 16 bits the same numbers are not counted."""
    preprocessing = Preprocessing(date_order=order)
    valid = np.random.default_rng(0).random(images[0].shape[:2]) > 0.3
    counted = scene_statistics([Pair.of_arrays(*images, valid)], EIGHT_BITS, preprocessing, torch.device("cpu"))
    wide = [date.astype(np.uint16) for date in images]
    summed = scene_statistics([Pair.of_arrays(*wide, valid)], EIGHT_BITS, preprocessing, torch.device("cpu"))
    for each, other in zip(counted, summed, strict=True):
        assert torch.equal(each.mean, other.mean) and torch.equal(each.deviation, other.deviation)
