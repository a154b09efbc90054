"""Several dates of one place on the grid of the first."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rasterio.windows import Window

from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.errors import GridError, OptionError, RasterError
from minenetcd.geo.series import open_series
from minenetcd.synthetic import make_scene


def write(path: Path, pixels: NDArray[Any], *, column: int = 0) -> Path:
    """A GeoTIFF whose left edge lies `column` pixels of 10 m right of a common one."""
    return write_geotiff(path, pixels, utm_grid(*pixels.shape[:2], left=4e5 + 10 * column))


@pytest.fixture(scope="module")
def dates() -> list[NDArray[np.uint8]]:
    scene = make_scene(5, size=320, variety="plain")
    return [scene.before, scene.after]


def test_all_dates_share_one_window_of_the_first_grid(dates: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    parts = [(0, 300), (20, 320), (50, 280)]
    images = [
        write(tmp_path / f"{number}.tif", dates[number % 2][:, left:right] // (1 + number), column=left)
        for number, (left, right) in enumerate(parts)
    ]
    with open_series(images) as series:
        assert series.area == Window(50, 0, 230, 320) and not series.shifts
        read = series.read(Window(60, 10, 5, 4))
    for number, (pixels, valid) in enumerate(read):
        assert np.array_equal(pixels, dates[number % 2][10:14, 60:65] // (1 + number)) and valid.all()


def test_a_later_date_is_moved_back(dates: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    before, after = dates[0][:, :-3], np.clip(dates[0][:, 3:] * 0.8, 0, 255).astype(np.uint8)
    images = [write(tmp_path / "a.tif", before), write(tmp_path / "b.tif", after)]
    with open_series(images, coregister=True) as series:
        (shift,) = series.shifts
        assert abs(shift.length - 3) < 0.2
        (one, _), (other, valid) = series.read(Window(100, 100, 64, 64))
    assert valid.all() and np.abs(one * 0.8 - other).mean() < 4


def test_the_numbers_of_all_dates_have_one_range_or_each_its_own(
    dates: list[NDArray[np.uint8]], tmp_path: Path
) -> None:
    eight = write(tmp_path / "8.tif", dates[0])
    sixteen = [write(tmp_path / f"16_{n}.tif", dates[1].astype(np.uint16) * (20 + 10 * n)) for n in range(2)]
    with open_series([eight, sixteen[0]]) as series:
        value_range, limits = series.scale()
        assert value_range is None and limits[0].high[0] == 255 and limits[1].high[0] > 1000
    with open_series(sixteen) as series:
        value_range, limits = series.scale()
        assert value_range is not None and np.allclose(value_range[1], limits[0].high)
        assert all(np.array_equal(limits[0].low, limit.low) for limit in limits)
        assert series.scale((0, 9000)).limits[1].high[0] == 9000
        with pytest.raises(OptionError, match=r"value range .* in the image .*16_0\.tif: give"):
            series.scale((0, 3))


def test_what_is_no_series_is_told_in_one_line(dates: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    left, right, middle = (
        write(tmp_path / f"{name}.tif", dates[0][:, cut], column=cut.start)
        for name, cut in (("left", slice(0, 160)), ("right", slice(160, 320)), ("middle", slice(80, 240)))
    )
    for images, kind, message in (
        ([left], OptionError, "Two dates of one place are needed, got 1: name another"),
        ([left, middle, middle], RasterError, "are the same image: name another"),
        ([left, right], GridError, "do not overlap"),
        ([middle, left, right], GridError, r"right\.tif shares no ground with all of the others: leave it out"),
    ):
        with pytest.raises(kind, match=message) as caught, open_series(images):
            pass
        assert "\n" not in str(caught.value)
