"""A pair seen with its after image moved back."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from PIL import Image
from rasterio.windows import Window

from geo.conftest import MakeGrid, WriteImage, moved_ground, whole
from minenetcd.geo.adjustment import Shift
from minenetcd.geo.align import open_pair
from minenetcd.geo.shift import find_shift


def dates(write_image: WriteImage, dx: float, dy: float, ending: str, *grid: object) -> tuple[Path, Path]:
    before, after = (moved_ground(220, 260, *by).round().astype("uint8") for by in ((0, 0), (dx, dy)))
    return write_image(f"before.{ending}", before, *grid), write_image(f"after.{ending}", after, *grid)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_whole_pixels_are_moved_back_exactly(write_image: WriteImage, utm: MakeGrid, ending: str) -> None:
    paths = dates(write_image, 6, -4, ending, *([utm(220, 260)] if ending == "tif" else []))
    with open_pair(*paths) as pair:
        found = find_shift(pair)
        moved = pair.adjusted(shift=found)
        original, read = pair.read(whole(pair.grid)), moved.read(whole(moved.grid))
        small = moved.read_small(64)
        assert moved.shift == found
        assert pair.shift is None
    assert moved.overlap == Window(0, 4, 254, 216)
    assert np.array_equal(np.argwhere(read.valid)[[0, -1]], [[4, 0], [219, 253]])
    assert np.array_equal(read.after[4:, :254], original.after[:216, 6:])
    assert np.array_equal(read.after[read.valid], read.before[read.valid])
    assert small.after.shape == (54, 64, 3)
    assert small.valid.all()
    assert np.abs(small.after.astype(int) - small.before).mean() < 5  # averaged in two ways; 21 where it stays


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_parts_of_pixels_are_moved_back_nearly(write_image: WriteImage, utm: MakeGrid, ending: str) -> None:
    paths = dates(write_image, 5.6, 2.3, ending, *([utm(220, 260)] if ending == "tif" else []))
    with open_pair(*paths) as pair:
        moved = pair.adjusted(shift=find_shift(pair))
        residual = find_shift(moved)
        as_is, read = pair.read(moved.overlap), moved.read(moved.overlap)
        small = moved.read_small(80)
    assert residual.is_known
    assert residual.length < 0.1
    difference, before = (np.abs(one.after.astype(float) - one.before)[read.valid].mean() for one in (read, as_is))
    assert difference < 0.25 * before
    assert np.abs(small.after.astype(float) - small.before)[small.valid].mean() < 3


def test_a_real_image_against_itself(real_images: Path, write_image: WriteImage) -> None:
    image = np.asarray(Image.open(real_images / "imagery" / "naip_north_dakota_5m" / "20090818.png").convert("RGB"))
    paths = write_image("before.png", image[10:-10, 10:-10]), write_image("after.png", image[10:-10, 4:-16])
    with open_pair(*paths) as pair:
        moved = pair.adjusted(shift=find_shift(pair))
        read = moved.read(moved.overlap)
    assert moved.overlap.width == pair.grid.width - 6
    assert np.array_equal(read.after[read.valid], read.before[read.valid])


def test_other_grids_and_another_resolution(write_image: WriteImage, utm: MakeGrid) -> None:
    """The after image, on its own grid of the same place, is warped once: by its grid and the shift together."""
    before, after = (moved_ground(260, 260, *by).astype("uint8") for by in ((0, 0), (4.6, 3.0)))
    first = write_image("a.tif", before, utm(260, 260))
    second = write_image("b.tif", after[13:, 21:], utm(247, 239, left=400_210, top=5_599_870))
    with open_pair(first, second) as pair:
        found = find_shift(pair)
        assert (found.dx, found.dy) == pytest.approx((4.6, 3.0), abs=0.05)
        moved = pair.adjusted(shift=found)
        assert find_shift(moved).length < 0.1
        assert moved.overlap == Window(16, 10, 240, 247)
        assert found.metres(pair.grid) == pytest.approx(55, rel=0.01)
        with open_pair(first, second, gsd=20) as coarse:
            assert found.on(coarse.grid, pair.grid).dx == pytest.approx(found.dx / 2)
            again = coarse.adjusted(shift=found.on(coarse.grid, pair.grid))
            assert find_shift(again).length < 0.1


def test_windows_tile_to_the_whole(write_image: WriteImage) -> None:
    with open_pair(*dates(write_image, 5.6, -2.3, "png")) as pair:
        moved = pair.adjusted(shift=find_shift(pair))
        read = moved.read(whole(moved.grid))
        for top, bottom in pairwise((0, 31, 140, 220)):
            for left, right in pairwise((0, 77, 200, 260)):
                part = moved.read(Window(left, top, right - left, bottom - top))
                assert np.array_equal(part.after, read.after[top:bottom, left:right])
                assert np.array_equal(part.valid, read.valid[top:bottom, left:right])


@pytest.mark.parametrize(
    "shift",
    [
        Shift(0.2, 0.1, 25, 25), Shift(19, 8, 25, 25), Shift(0.0, 0.0, 25, 3, "inconsistent"),
        Shift(0.0, 0.0, 0, 0, "featureless"),
    ],
)  # fmt: skip
def test_what_is_short_long_or_unknown_is_left_alone(write_image: WriteImage, shift: Shift) -> None:
    with open_pair(*dates(write_image, 1, 0, "png")) as pair:
        same = pair.adjusted(shift=shift)
        assert same.shift is None
        assert same.both_as_stored
        assert np.array_equal(same.read(whole(pair.grid)).after, pair.read(whole(pair.grid)).after)


def test_it_closes_with_its_pair_and_leaves_it_open(write_image: WriteImage) -> None:
    with open_pair(*dates(write_image, 3, 0, "png")) as pair:
        with pair.adjusted(shift=Shift(3.0, 0.0, 25, 25)) as moved:
            moved.read(moved.overlap)
        pair.read(pair.overlap)


def test_a_shift_of_a_picture_has_no_metres(utm: MakeGrid, write_image: WriteImage) -> None:
    turned = utm(10, 10)
    shift = Shift(3.0, -4.0, 25, 25)
    with open_pair(*dates(write_image, 1, 0, "png")) as pair:
        assert shift.metres(pair.grid) is None
    assert shift.metres(turned) == pytest.approx(50, rel=0.005)
    assert shift.on(turned, turned) == shift
    assert shift.moved(turned).transform == turned.transform @ Affine.translation(3, -4)
