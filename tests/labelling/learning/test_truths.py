"""What is known of a scene: of judged polygons, of edited outlines, of ground, and of labels beside them."""

from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.windows import Window
from scipy.ndimage import distance_transform_edt

from fixtures.scene_files import utm_grid, write_geotiff
from labelling.learning.judged_results import FEW_STEPS, SQUARE, make_result, pixels_of, say, small_network
from minenetcd.constants import UNKNOWN
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.reading.results import read_result
from minenetcd.labelling.learning.reading.sources import read_sources
from minenetcd.labelling.verdicts.store import Verdicts


def mask_of(result: Path, options: LearnOptions = FEW_STEPS) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """All that is known of a scene, and its places."""
    scene, _ = read_result(result, options)
    with scene.open(small_network()) as opened:
        whole = Window(0, 0, opened.pair.grid.width, opened.pair.grid.height)
        known = opened.truth.read(whole, whole)
        half = Window(0, 0, whole.width, whole.height // 2)
        upper = opened.truth.read(half, whole)
        assert np.array_equal(upper.mask, known.mask[: half.height])  # as it is read does not matter
        assert np.array_equal(upper.places, known.places[: half.height])
        return known.mask, known.places


def test_a_result_is_known_where_it_was_judged(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 7), 7, only=["accepted"])
    mask, places = mask_of(result)
    accepted = pixels_of(result, "accepted")
    assert np.array_equal(mask == 1, accepted) and set(np.unique(mask)) == {1, UNKNOWN}
    assert len(np.unique(places[places > 0])) == 3 and np.array_equal(places > 0, accepted)
    say(result, 7)
    mask, _ = mask_of(result)
    assert np.array_equal(mask == 1, accepted) and np.array_equal(mask == 0, pixels_of(result, "rejected"))


def test_ground_is_known_only_where_all_was_looked_at(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 8), 8)
    partly, _ = mask_of(result)
    whole, _ = mask_of(result, LearnOptions(complete=True))
    assert (partly == 0).sum() < (whole == 0).sum()
    assert np.array_equal(partly[partly != UNKNOWN], whole[partly != UNKNOWN])
    assert (whole == UNKNOWN).any()  # around each polygon


def test_an_edited_outline_is_what_trains(tmp_path: Path) -> None:
    result = say(make_result(tmp_path, 9), 9)
    before, _ = mask_of(result)
    verdicts = Verdicts(result)
    frame = verdicts.polygons()
    accepted = frame[frame.status == "accepted"].iloc[0]
    left, bottom, right, top = accepted.geometry.bounds
    half = shapely.box(left, bottom, (left + right) / 2, top)
    verdicts.give(int(accepted.id), "accepted", by="a tester", geometry=half)
    after, _ = mask_of(result)
    changed = (before == 1) & (after != 1)
    assert abs(changed.sum() - SQUARE**2 / 2) <= 6  # what change vectors miss of a corner
    assert abs((after[changed] == UNKNOWN).sum() - SQUARE) <= 2  # the rim along the new outline
    assert set(np.unique(after[changed])) == {0, UNKNOWN}


def test_labels_on_the_images_of_a_result_stand_before_what_it_was_sure_of(tmp_path: Path) -> None:
    """Change that was missed does not train as ground, though the result was looked at as a whole."""
    result, labels = say(make_result(tmp_path, 8), 8), tmp_path / "labels"
    ground, _ = mask_of(result, LearnOptions(complete=True))
    row, col = np.argwhere(ground == 0)[len(np.argwhere(ground == 0)) // 2]
    mask = np.full((160, 160), UNKNOWN, np.uint8)
    mask[row : row + 4, col : col + 4] = 1
    labels.mkdir()
    for word in ("before", "after"):
        (labels / f"{word}.tif").write_bytes((tmp_path / f"8_{word}.tif").read_bytes())
    write_geotiff(labels / "mask.tif", mask, utm_grid(160, 160, left=440_000))
    (scene,) = read_sources([result, labels], LearnOptions(complete=True), print)
    assert (scene.counts["accepted"], scene.counts["changed"]) == (3, 1)
    with scene.open(small_network()) as opened:
        whole = Window(0, 0, 160, 160)
        known = opened.truth.read(whole, whole)
        assert (known.mask[mask == 1] == 1).all() and known.places[row, col] > 6
        assert opened.truth.boxes.changed.sum() == 4
        near = distance_transform_edt(mask != 1) <= 8
        assert not ((known.mask == 0) & near & ~pixels_of(result, "rejected")).any()
        assert np.array_equal(known.mask == 1, (ground == 1) | (mask == 1))
