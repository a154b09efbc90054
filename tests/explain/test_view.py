"""The part of two images that is looked into."""

from pathlib import Path

import numpy as np
import pytest
from rasterio.crs import CRS

from explain.constructed import known_detector
from explain.looking import write
from minenetcd.errors import DataError, GridError, OptionError, RasterError
from minenetcd.explain.explanation import explain_pair
from minenetcd.explain.options import ExplainOptions
from minenetcd.explain.view import read_view
from minenetcd.geo.align import open_pair


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    before = rng.integers(1, 200, (120, 90), dtype=np.uint16)
    after = before + np.uint16(20)
    after[40:60, 30:70] += 2000
    return write(tmp_path / "before.tif", before), write(tmp_path / "after.tif", after)


def test_a_window_is_that_part_of_the_whole(images: tuple[Path, Path]) -> None:
    with open_pair(*images) as pair:
        whole, part = read_view(pair), read_view(pair, window=(20, 30, 40))
    assert whole.shape == (120, 90) and part.shape == (40, 40)
    assert np.array_equal(part.after, whole.after[30:70, 20:60])
    assert (part.grid.transform.c, part.grid.transform.f) == (400_200, 5_599_700)


@pytest.mark.needs("captum")
def test_the_value_range_is_that_of_the_whole_scene(images: tuple[Path, Path]) -> None:
    """A window is seen as a prediction of the scene sees it, not stretched by itself."""
    detectors = {"known": known_detector()}
    _, whole = explain_pair(detectors, *images, device="cpu")
    _, part = explain_pair(detectors, *images, options=ExplainOptions(window=(20, 32, 32)), device="cpu")
    np.testing.assert_allclose(part["known"].probability, whole["known"].probability[32:64, 20:52], atol=1e-6)


@pytest.mark.needs("captum")
def test_what_is_change_is_decided_at_the_threshold_of_the_scene(tmp_path: Path) -> None:
    """As `predict` decides it: a window is told by the scene's threshold, not by one of its own."""
    before, after = np.random.default_rng(0).integers(0, 90, (2, 128, 96), dtype=np.uint8)
    after[40:60, 30:70] += 150
    images = write(tmp_path / "before.tif", before), write(tmp_path / "after.tif", after)
    detector = known_detector()
    detector.scene_threshold = (0.7, 0.9)
    whole, part = (
        explain_pair({"known": detector}, *images, options=ExplainOptions(window=window), device="cpu")[1]["known"]
        for window in (None, (0, 0, 64))
    )
    np.testing.assert_allclose(part.probability, whole.probability[:64, :64], atol=1e-6)
    with open_pair(*images) as pair:
        read = pair.read(pair.overlap)
        scene = detector.for_scene([read], "cpu")
    assert scene.shift < 0
    found = scene.scores((read.before[None], read.after[None]), read.valid[None])[0, 0]
    np.testing.assert_allclose(whole.probability, found, atol=1e-6)
    assert np.array_equal(whole.changed, found >= detector.threshold)


@pytest.mark.needs("captum")
def test_pixels_without_data_are_neither_asked_nor_hot(tmp_path: Path) -> None:
    before = np.full((64, 64), 30, np.uint8)
    after = before.copy()
    after[10:40, 10:40] = 250
    before[:, :20] = 0
    paths = write(tmp_path / "before.tif", before, nodata=0), write(tmp_path / "after.tif", after)
    view, explanations = explain_pair({"known": known_detector()}, *paths, device="cpu")
    assert not view.valid[:, :20].any() and view.valid[:, 20:].all()
    assert not explanations["known"].changed[:, :20].any()
    assert not explanations["known"].maps[0].values[:, :20].any()


def test_the_truth_is_laid_onto_the_window(images: tuple[Path, Path], tmp_path: Path) -> None:
    truth = np.zeros((120, 90), np.uint8)
    truth[40:60, 30:70] = 255
    path = write(tmp_path / "truth.tif", truth)
    with open_pair(*images) as pair:
        view = read_view(pair, window=(20, 30, 40), truth=path)
    assert np.array_equal(view.truth, (truth[30:70, 20:60] > 0).astype(np.uint8))


def test_what_cannot_be_looked_at_is_told_in_one_line(images: tuple[Path, Path], tmp_path: Path) -> None:
    with open_pair(*images) as pair:
        with pytest.raises(GridError, match="inside the 120 x 90 grid"):
            read_view(pair, window=(80, 0, 32))
        with pytest.raises(DataError, match="needs the CRS of the image before"):
            read_view(pair, truth=write(tmp_path / "t.tif", np.zeros((9, 9), np.uint8), crs=CRS.from_epsg(4326)))
    rng = np.random.default_rng(0)
    large = [write(tmp_path / f"{n}.tif", rng.integers(1, 99, (1025, 40), dtype=np.uint8)) for n in "ab"]
    with open_pair(*large) as pair, pytest.raises(OptionError, match=r"at most 1024 x 1024.*--window COL,ROW,SIZE"):
        read_view(pair)
    empty = np.ones((64, 64), np.uint8)
    empty[:, :40] = 0
    paths = write(tmp_path / "e.tif", empty, nodata=0), write(tmp_path / "f.tif", empty + np.uint8(3))
    with open_pair(*paths) as pair, pytest.raises(RasterError, match="columns 0 to 32, rows 0 to 32 hold none"):
        read_view(pair, window=(0, 0, 32))
