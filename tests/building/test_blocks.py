"""Dates of one place cut into blocks: disjoint, in 8 bits, without those that lack data."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.building.pasted_sets import blocks
from minenetcd.building.pasted_sets.blocks import cut_blocks, unused_dates
from minenetcd.errors import DataError, RasterError, SizeError
from minenetcd.geo.series import open_series


def images(shape: tuple[int, int], count: int = 2, dtype: type = np.uint8) -> list[np.ndarray]:
    """Noise over a slope, so that a block can be told by its values."""
    rng = np.random.default_rng(0)
    slope = np.add.outer(np.arange(shape[0]), np.arange(shape[1]))[..., None] * (120 / sum(shape))
    return [(rng.integers(20, 100, (*shape, 3)) + slope).astype(dtype) for _ in range(count)]


def cut(folder: Path, dates: list[np.ndarray], nodata: float | None = None) -> blocks.Blocks:
    grid = utm_grid(*dates[0].shape[:2])
    paths = [write_geotiff(folder / f"{n}.tif", date, grid, nodata=nodata) for n, date in enumerate(dates)]
    with open_series(paths) as series:
        limits = series.scale().limits
        return cut_blocks(series, limits, folder / "blocks", np.random.default_rng(3))


def read(folder: Path, image: str) -> np.ndarray:
    return np.asarray(Image.open(folder / "blocks" / image))


def test_blocks_cover_the_images_once_and_hold_what_they_hold(tmp_path: Path) -> None:
    dates = images((300, 400))
    places, _ = cut(tmp_path, dates)
    assert len(places) == 6 and sum(place.height * place.width for place in places) == 300 * 400
    rows = [np.concatenate([read(tmp_path, place.images[1]) for place in row], axis=1)
            for row in (places[:3], places[3:])]  # fmt: skip
    assert np.array_equal(np.concatenate(rows), dates[1])
    assert all(min(place.height, place.width) >= 128 and len(place.images) == 2 for place in places)


def test_larger_images_are_cut_larger_and_only_some_of_them_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MOST", 5)
    places, of = cut(tmp_path, images((800, 800)))
    assert (len(places), of) == (5, 16) and {place.height for place in places} == {200}
    numbers = [int(place.name) for place in places]
    assert numbers == sorted(numbers) and any(b - a > 1 for a, b in pairwise(numbers))


def test_no_data_is_black_and_data_is_not(tmp_path: Path) -> None:
    before, after = images((128, 256))
    before[:20], before[40:50, 40:50] = 255, 0
    places, _ = cut(tmp_path, [before, after], nodata=255)
    shown = read(tmp_path, places[0].images[0])
    assert not shown[:20].any() and (shown[20:].max(axis=-1) > 3).all()


def test_sixteen_bits_share_a_stretch(tmp_path: Path) -> None:
    before, _ = images((128, 256), dtype=np.uint16)
    places, _ = cut(tmp_path, [before * 10, before * 20])
    first, second = (read(tmp_path, image) for image in places[0].images)
    assert 0 < first.mean() < second.mean() < 255


def test_a_date_that_lacks_data_in_a_block_is_left_out_there(tmp_path: Path) -> None:
    dates = images((256, 256), 3)
    dates[1][:128, :100] = 255
    places, _ = cut(tmp_path, dates, nodata=255)
    assert [len(place.images) for place in places] == [2, 3, 3, 3] and unused_dates(places, 3) == []


def test_a_date_that_lacks_data_in_every_block_is_named(tmp_path: Path) -> None:
    dates = images((128, 256), 3)
    dates[1][:, ::3] = 255
    assert unused_dates(cut(tmp_path, dates, nodata=255).places, 3) == [1]


@pytest.mark.parametrize(
    ("shape", "spoil", "kind", "message"),
    [
        ((128, 255), slice(0), SizeError, "share 256 x 128 pixels or more are needed, these share 255 x 128"),
        ((256, 256), np.s_[:, 60:], DataError, "masks and nodata leave 0 of 4: give images with fewer gaps"),
        ((256, 256), None, RasterError, r"1\.tif is one colour all over: name another"),
    ],
)
def test_images_that_cannot_be_used_are_refused_in_one_line(
    shape: tuple[int, int], spoil: slice | None, kind: type[Exception], message: str, tmp_path: Path
) -> None:
    before, after = images(shape)
    after[slice(None) if spoil is None else spoil] = 7 if spoil is None else 255
    with pytest.raises(kind, match=message) as caught:
        cut(tmp_path, [before, after], nodata=255)
    assert "\n" not in str(caught.value)
