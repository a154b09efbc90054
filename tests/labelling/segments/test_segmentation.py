"""Segments of both dates: as defined, nested, connected, and the same whatever window they are found in."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from labelling.same_segments import same_share
from labelling.segments.one_by_one import segments
from minenetcd.errors import OptionError, SizeError
from minenetcd.labelling.segments.hierarchy import NONE, Hierarchy
from minenetcd.labelling.segments.options import SegmentOptions
from minenetcd.labelling.segments.segmentation import segment, stacked, stretch_of
from minenetcd.synthetic import make_scene

pytestmark = pytest.mark.needs("numba")


@pytest.fixture(scope="module")
def drawn() -> NDArray[np.float32]:
    scene = make_scene(5, size=768)
    levels, _ = stacked([scene.before, scene.after], np.ones(scene.mask.shape, bool))
    return levels


@pytest.fixture(scope="module")
def hierarchy(drawn: NDArray[np.float32]) -> Hierarchy:
    return segment(drawn)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 11), st.integers(3, 11), st.sampled_from([1, 3, 6]), st.data())
def test_are_those_of_the_definition(seed: int, height: int, width: int, bands: int, data: st.DataObject) -> None:
    generator = np.random.default_rng(seed)
    steps = np.kron(generator.uniform(0, 255, (3, 3, bands)), np.ones((4, 4, 1)))[:height, :width]
    levels = (steps + generator.uniform(0, 20, steps.shape)).astype(np.float32)
    valid = generator.random((height, width)) < data.draw(st.sampled_from([1.0, 0.8]))
    scale = data.draw(st.floats(2, 60))
    shape, compactness = data.draw(st.floats(0, 0.9)), data.draw(st.floats(0, 1))
    found = segment(levels, valid, SegmentOptions((scale,), shape, compactness), origin=(7, 5)).finest
    places = {number: frozenset(map(tuple, np.argwhere(found == number).tolist())) for number in np.unique(found)}
    places.pop(NONE, None)
    assert set(places.values()) == segments(levels, valid, scale, shape, compactness)


def test_scales_are_nested_and_segments_connected(hierarchy: Hierarchy) -> None:
    counts = [hierarchy.count(level) for level in range(len(hierarchy.scales))]
    assert counts == sorted(counts, reverse=True) and counts[-1] < counts[0] / 100
    for level in (0, 6):
        fine, coarse = hierarchy.labels(level), hierarchy.labels(level + 1)
        pairs = np.unique(np.stack([fine.ravel(), coarse.ravel()]), axis=1)
        assert len(np.unique(pairs[0])) == pairs.shape[1]
        assert fine.min() == 0 and fine.max() + 1 == hierarchy.count(level) == len(np.unique(fine))
    for number, box in enumerate(ndimage.find_objects(coarse + 1)):
        assert ndimage.label(coarse[box] == number)[1] == 1


def test_are_the_same_in_a_window_moved_by_half_a_tile(drawn: NDArray[np.float32]) -> None:
    """From 6 times the mean width of segments off the edges, for 99 % of the pixels, as docs/label.md says."""
    tile = 512
    moved = tile // 2
    one = segment(drawn[:tile, :tile])
    other = segment(drawn[moved : moved + tile, moved : moved + tile], origin=(moved, moved))
    for level in range(5):
        first, second = one.labels(level)[moved:, moved:], other.labels(level)[: tile - moved, : tile - moved]
        edge = round(6 * np.sqrt(tile**2 / one.count(level)))
        inner = slice(edge, tile - moved - edge)
        assert tile - moved - 2 * edge > 16
        assert same_share(first[inner, inner], second[inner, inner]) >= 0.99


def test_ties_are_settled_by_the_place_on_the_grid_and_not_in_the_window() -> None:
    flat = np.zeros((96, 96, 2), np.float32)
    options = SegmentOptions((1.0,))
    whole = segment(flat, options=options, origin=(1000, 2000)).finest
    part = segment(flat[16:80, 24:88], options=options, origin=(1016, 2024)).finest
    assert same_share(whole[32:64, 40:72], part[16:48, 16:48]) > 0.9
    elsewhere = segment(flat[16:80, 24:88], options=options, origin=(0, 0)).finest
    assert same_share(whole[32:64, 40:72], elsewhere[16:48, 16:48]) < 0.5


def test_missing_data_belongs_to_no_segment_and_parts_what_it_lies_between() -> None:
    levels = np.full((40, 40, 3), 100, np.float32)
    valid = np.ones((40, 40), bool)
    valid[:, 19:21] = False
    found = segment(levels, valid, SegmentOptions((100.0, 200.0)))
    for level in (0, 1):
        labels = found.labels(level)
        assert np.array_equal(labels == NONE, ~valid)
        assert len(np.unique(labels[:, :19])) == len(np.unique(labels[:, 21:])) == 1
        assert labels[0, 0] != labels[0, -1]


def test_nothing_valid_has_no_segment() -> None:
    found = segment(np.zeros((8, 9, 1), np.float32), np.zeros((8, 9), bool))
    assert found.count(0) == found.count(12) == 0 and (found.labels(12) == NONE).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_numbers_of_any_type_are_stretched_for_both_dates_alike(dtype: Any) -> None:
    scene = make_scene(3, size=128)
    factor = 1 if dtype == np.uint8 else 100
    before, after = ((date.astype(np.float64) * factor).astype(dtype) for date in (scene.before, scene.after))
    levels, valid = stacked([before, after], np.ones((128, 128), bool))
    plain, _ = stacked([scene.before, scene.after], np.ones((128, 128), bool))
    assert levels.shape == (128, 128, 6) and valid.all() and levels.min() >= 0 and levels.max() <= 255
    np.testing.assert_allclose(levels, plain, atol=2)
    equal = (scene.before == scene.after).all(axis=-1)
    assert np.array_equal(levels[equal][:, :3], levels[equal][:, 3:])


def test_what_is_no_number_is_missing() -> None:
    before, after = np.random.default_rng(0).random((2, 16, 16, 1))
    after[3, 4] = np.nan
    levels, valid = stacked([before, after], np.ones((16, 16), bool))
    assert not valid[3, 4] and valid.sum() == 255
    assert segment(np.nan_to_num(levels), valid).finest[3, 4] == NONE


def test_dates_of_different_kinds_are_stretched_each_alone() -> None:
    eight_bits, fractions = np.arange(100, dtype=np.uint8).reshape(-1, 1), np.linspace(0, 0.4, 50).reshape(-1, 1)
    first, second = stretch_of([eight_bits, fractions])
    assert first.high[0] > 99 and second.high[0] < 1


def test_are_kept_in_a_file(hierarchy: Hierarchy, tmp_path: Any) -> None:
    hierarchy.save(tmp_path / "segments.npz")
    kept = Hierarchy.load(tmp_path / "segments.npz")
    assert kept.scales == hierarchy.scales
    for level in (0, 12):
        assert np.array_equal(kept.labels(level), hierarchy.labels(level))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scales": ()}, "to be positive and to rise"),
        ({"scales": (10.0, 10.0)}, "to rise, got 10, 10"),
        ({"scales": (-1.0, 10.0)}, "to be positive"),
        ({"shape": 1.5}, "share of shape needs to be 0 to 1, got 1.5"),
        ({"compactness": -0.1}, "share of compactness needs"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        SegmentOptions(**options)


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(SizeError, match="stack both dates"):
        segment(np.zeros((4, 4), np.float32))
    with pytest.raises(SizeError, match="lay them on one grid"):
        stacked([np.zeros((4, 4, 1)), np.zeros((4, 5, 1))], np.ones((4, 4), bool))


def test_without_numba_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import numpy as np\n"
        "from minenetcd.errors import OptionError\n"
        "from minenetcd.labelling.segments.segmentation import segment\n"
        "try:\n    segment(np.zeros((4, 4, 1), np.float32))\n"
        "except OptionError as error:\n    print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "Segments need numba, which is not installed: pip install 'minenetcd[label]'.\n"
