"""What is measured of each change: how sure it is, and whether it may go on where there is no data."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from fixtures.scene_files import utm_grid
from minenetcd.errors import OptionError
from minenetcd.geo.polygons.tracing import burn
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.rasters.outline import Outlines
from minenetcd.prediction.rethreshold import rethreshold
from minenetcd.prediction.scene import predict_scene
from prediction.conftest import WriteScene
from prediction.stand_in import Difference


def labelled(changed: NDArray[np.bool_]) -> NDArray[np.int32]:
    labels: NDArray[np.int32] = ndimage.label(changed, structure=np.ones((3, 3)))[0]
    return labels


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_outlines_of_strips_are_those_of_the_whole(seed: int, heights: list[int]) -> None:
    mask = np.random.default_rng(seed).choice([0, 1, 255], (sum(heights), 7), p=[0.4, 0.4, 0.2]).astype(np.uint8)
    framed = np.pad(mask, 1, constant_values=255)
    beside = [framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:]]
    sides = sum((mask == 1) & (each != 1) for each in beside)
    unseen = sum((mask == 1) & (each == 255) for each in beside)
    outlines, top, found, expected = Outlines(7), 0, [], []
    for height in heights:
        rows = slice(top, top + height)
        groups = labelled(mask[rows] == 1)
        found.append(outlines.of(mask[rows], groups))
        whole = [np.bincount(groups.ravel(), each[rows].ravel(), groups.max() + 1)[1:] for each in (sides, unseen)]
        expected.append(np.stack(whole, axis=1))
        top += height
    outlines.end()
    for own, whole in zip(found, expected, strict=True):
        np.testing.assert_array_equal(own, whole)


@pytest.fixture
def images(write_scene: WriteScene) -> tuple[Path, Path]:
    """Three changes: a sure one, a faint one with one sure pixel, and a faint one beside pixels without data."""
    rng = np.random.default_rng(0)
    first = rng.integers(100, 110, (700, 64)).astype(np.uint8)  # two strips high
    first[0, :2] = 1, 255  # the value range
    second = first.copy()
    second[500:530, 10:30] += 140
    second[100:120, 10:20] += rng.integers(130, 136, (20, 10), dtype=np.uint8)
    second[110, 15] = 250
    second[100:110, 40:50] += 130
    second[100:110, 50:55] = 0
    grid = utm_grid(700, 64)
    return write_scene("b.tif", first, grid), write_scene("a.tif", second, grid, nodata=0)


def test_polygons_carry_how_sure_they_are_and_what_they_touch(images: tuple[Path, Path]) -> None:
    with predict_scene(Difference(), *images) as found:
        probability, polygons = found.probability, found.polygons
        for row in polygons.itertuples():
            inside = burn([row.geometry], found.grid)
            assert row.confidence_mean == pytest.approx(probability[inside].mean(), abs=1e-6)
            tenth = np.sort(probability[inside])[int(np.ceil(0.1 * inside.sum())) - 1]
            assert row.confidence_p10 == pytest.approx(tenth, abs=1e-6)
        assert polygons["touches_nodata"].tolist() == [False, False, True]
        assert polygons["valid_fraction"].tolist() == [1, 1, pytest.approx(1 - 10 / 40)]


def test_a_change_without_a_sure_pixel_is_left_out(images: tuple[Path, Path], tmp_path: Path) -> None:
    with predict_scene(Difference(), *images, tmp_path / "all") as every:
        highest = every.probability[every.mask == 1].max()
        faint = every.polygons["confidence_mean"].min()
    seed = float(faint + highest) / 2
    with predict_scene(Difference(), *images, tmp_path / "sure", options=PredictOptions(seed_threshold=seed)) as sure:
        assert len(sure.polygons) == 2 and sure.polygons["id"].tolist() == [1, 2]
        assert sure.changed_pixels == every.changed_pixels - 100 and not sure.polygons["touches_nodata"].any()
        mask = sure.mask
    with rethreshold(tmp_path / "all", seed_threshold=seed) as again:
        np.testing.assert_array_equal(again.mask, mask)
    with pytest.raises(
        OptionError, match=r"surest pixel of a change needs a threshold of the usual 0.5 or more \(--seed"
    ):
        predict_scene(Difference(), *images, options=PredictOptions(seed_threshold=0.4))
