"""When a pixel changed for good: in the first date of the first run of two dates in a row, or in the last look."""

from datetime import date
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from fixtures.scene_files import utm_grid
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.hectares import changed_hectares
from minenetcd.geo.raster import RasterWriter
from minenetcd.monitoring.dates import first_change
from minenetcd.monitoring.dates.first_change import (
    AgainstFirst,
    FirstChange,
    first_change_polygons,
    write_first_change,
)
from minenetcd.monitoring.dates.pictures import small_when, when_image
from minenetcd.prediction.rasters.scene_rasters import SceneRasters
from minenetcd.prediction.rasters.stored import StoredProbability

NO, YES, UNKNOWN = 0, 1, 255
DAYS = [date(2019, 1, 1), date(2020, 1, 1), date(2021, 1, 1), date(2022, 1, 1)]


@pytest.mark.parametrize(
    ("looks", "when"),
    [
        ("0000", 0),
        ("1100", 2),  # two in a row, whatever comes later
        ("1000", 0),  # once is not for good
        ("0101", 5),  # never twice in a row, but in the last
        ("0110", 3),
        ("1011", 4),
        ("0001", 5),
        ("1?10", 2),  # no data neither confirms nor ends
        ("1?01", 5),
        ("01??", 3),  # nothing later contradicts it
        ("?0?1", 5),
        ("1???", 2),
        ("????", 65535),
        ("0???", 0),
    ],
)
def test_the_rule(looks: str, when: int) -> None:
    found = FirstChange((1, 1))
    for number, look in enumerate(looks, start=2):
        found.feed(number, np.array([[{"0": NO, "1": YES, "?": UNKNOWN}[look]]], np.uint8))
    assert found.finish().tolist() == [[when]] and found.finish().dtype == np.uint16


def in_words(looks: tuple[int, ...]) -> int:
    """The rule as it is stated, by looking at the dates that show the pixel."""
    seen = [(number, look) for number, look in enumerate(looks, start=2) if look != UNKNOWN]
    if not seen:
        return 65535
    for (number, look), (_, after) in pairwise(seen):
        if look == after == YES:
            return number
    return seen[-1][0] if seen[-1][1] == YES else 0


def test_the_rule_as_it_is_stated_for_every_series_of_six_dates() -> None:
    every = np.array(list(product((NO, YES, UNKNOWN), repeat=5)), np.uint8)
    found = FirstChange((1, len(every)))
    for number, looks in enumerate(every.T, start=2):
        found.feed(number, looks[np.newaxis])
    assert found.finish()[0].tolist() == [in_words(tuple(looks)) for looks in every.tolist()]


def written(folder: Path, grid: Grid, maps: list[NDArray[np.uint8]]) -> list[AgainstFirst]:
    """Maps of the dates 2, 3, ... with a probability of 0.6 where they changed, 0.9 in the left half."""
    made = []
    for number, mask in enumerate(maps, start=2):
        probability = np.where(mask == YES, np.uint8(round(0.6 * 254)), np.uint8(10))
        probability[:, : grid.width // 2][mask[:, : grid.width // 2] == YES] = round(0.9 * 254)
        probability[mask == UNKNOWN] = UNKNOWN
        paths = folder / f"mask{number}.tif", folder / f"probability{number}.tif"
        for path, values in zip(paths, (mask, probability), strict=True):
            with RasterWriter(path, grid, dtype="uint8", nodata=UNKNOWN) as writer:
                writer.write(values, rasterio.windows.Window(0, 0, grid.width, grid.height))
        made.append(AgainstFirst(number, SceneRasters(grid, StoredProbability(0.5), paths[1], paths[0], {})))
    return made


@pytest.fixture
def maps() -> list[NDArray[np.uint8]]:
    """Of 40 x 30 pixels: a pit that grows by a ring a year, a field that changed once, and a corner without data."""
    dates = []
    for year in (1, 2, 3):
        mask = np.zeros((40, 30), np.uint8)
        mask[10 : 10 + 6 * year, 5 : 5 + 6 * year] = YES
        mask[:4, :4] = UNKNOWN
        dates.append(mask)
    dates[0][30:36, 20:26] = YES
    return dates


def test_the_raster_its_areas_and_its_polygons_say_the_same(
    maps: list[NDArray[np.uint8]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minenetcd.prediction.rasters.scene_rasters.MOST_ROWS", 7)  # several strips
    grid, path = utm_grid(40, 30), tmp_path / "when.tif"
    areas = write_first_change(path, grid, written(tmp_path, grid, maps), DAYS, tags={})
    with rasterio.open(path) as raster:
        when, colours, tags = raster.read(1), raster.colormap(1), raster.tags()
        assert raster.dtypes == ("uint16",) and raster.nodata == 65535
    assert [np.count_nonzero(when == number) for number in (2, 3, 4)] == [36, 108, 180]
    assert np.all(when[:4, :4] == 65535) and np.all(when[30:36, 20:26] == 0)
    assert [areas[number].pixels for number in (2, 3, 4)] == [36, 108, 180]
    assert areas[3].hectares == pytest.approx(changed_hectares(when == 3, grid), rel=1e-9)
    assert len({colours[number] for number in (0, 2, 3, 4)}) == 4
    assert tags["DATE_1"] == "2019-01-01" and tags["DATE_4"] == "2022-01-01"
    polygons = first_change_polygons(path, grid, DAYS)
    assert polygons["date_number"].tolist() == [4, 3, 2] and polygons["id"].tolist() == [1, 2, 3]
    assert [str(day) for day in polygons["first_change"]] == ["2022-01-01", "2021-01-01", "2020-01-01"]
    assert polygons["area_ha"].tolist() == pytest.approx([areas[n].hectares for n in (4, 3, 2)], rel=1e-6)


def test_a_stricter_threshold_leaves_out_what_does_not_reach_it(maps: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    grid = utm_grid(40, 30)
    dates = written(tmp_path, grid, maps)
    areas = write_first_change(tmp_path / "when.tif", grid, dates, DAYS, threshold=0.8, tags={})
    with rasterio.open(tmp_path / "when.tif") as raster:
        when = raster.read(1)
    assert not when[5:, 15:].any() and areas[2].pixels == 36 and areas[4].pixels < 180
    assert areas == write_first_change(tmp_path / "again.tif", grid, dates, DAYS, threshold=0.8, tags={})
    own = write_first_change(tmp_path / "own.tif", grid, dates, DAYS, threshold=0.3, tags={})  # never looser
    assert own == write_first_change(tmp_path / "none.tif", grid, dates, DAYS, tags={})


def test_a_picture_counts_by_the_metres_that_are_stated(maps: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    grid = Grid(40, 30, rasterio.Affine.identity(), None)
    dates = written(tmp_path, grid, maps)
    stated = write_first_change(tmp_path / "when.tif", grid, dates, DAYS, metres=10, tags={})
    assert [stated[number].hectares for number in (2, 3, 4)] == pytest.approx([0.36, 1.08, 1.8])
    unknown = write_first_change(tmp_path / "when.tif", grid, dates, DAYS, tags={})
    assert unknown[2].hectares is None and unknown[2].pixels == 36
    assert first_change_polygons(tmp_path / "when.tif", grid, DAYS)["area_px"].tolist() == [180, 108, 36]


def test_each_date_has_a_colour_from_early_to_late() -> None:
    colours = first_change.date_colours(4)
    assert list(colours) == [2, 3, 4] and colours[2] == "#2c3e8f" and colours[4] == "#c81e3c"
    assert len(first_change.date_colours(2)) == 1 and len(set(first_change.date_colours(40).values())) == 39


def test_a_small_picture_loses_no_small_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The earliest date below each of its pixels; not known only where nothing below is."""
    monkeypatch.setattr("minenetcd.prediction.report.pictures.SOURCE_ROWS", 6)
    when = np.zeros((12, 8), np.uint16)
    when[1, 1], when[5, 6], when[4, 5] = 3, 4, 2
    when[8:, :4] = 65535
    when[8, 4] = 65535
    with RasterWriter(tmp_path / "when.tif", utm_grid(12, 8), dtype="uint16", nodata=65535) as writer:
        writer.write(when, rasterio.windows.Window(0, 0, 8, 12))
    small = small_when(tmp_path / "when.tif", rasterio.windows.Window(0, 0, 8, 12), (3, 2))
    assert small.tolist() == [[3, 0], [0, 2], [65535, 0]]
    image = when_image(np.full((3, 2, 3), 100, np.uint8), small, {2: "#0000ff", 3: "#ff0000"})
    assert image.shape[2] == 4 and image[0, 0, 0] > image[0, 0, 2] and image[-1, 0, 3] == 0
