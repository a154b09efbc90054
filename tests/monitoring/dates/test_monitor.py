"""Many dates of one place in: which are read, against which, and what is written; what is done stays."""

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image

import minenetcd
from fixtures.scene_files import utm_grid, write_geotiff
from minenetcd.errors import GridError, MineNetCDError, OptionError, OutputPathError, RunInterrupted
from minenetcd.monitoring.dates.monitor import MonitorResult, monitor, pairs_of
from minenetcd.monitoring.dates.options import MonitorOptions
from minenetcd.monitoring.dates.series import DatedImage, Series, find_series, one_a_year
from minenetcd.prediction.options import PredictOptions
from prediction.stand_in import Difference

DAYS = ("2019-06-01", "2020-06-11", "2021-05-30", "2022-06-02")
FILES = ["cumulative.gpkg", "dates.csv", "pairs", "report.html", "timeline.csv", "timeline.png", "when.tif"]


def ground() -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(20, 60, (64, 64, 3), dtype=np.uint8)


def growing(year: int) -> NDArray[np.uint8]:
    """A pit of 10 pixels a side more each year, and a field that is bright in 2020 alone."""
    pixels = ground()
    pixels[4 : 4 + 10 * year, 4 : 4 + 10 * year] += 180
    if year == 1:
        pixels[50:60, 50:60] += 180
    return pixels


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Four years of one place, out of their order."""
    folder = tmp_path_factory.mktemp("images")
    paths = [
        write_geotiff(folder / f"mine_{day}.tif", growing(year), utm_grid(64, 64)) for year, day in enumerate(DAYS)
    ]
    return [str(paths[place]) for place in (2, 0, 3, 1)]


@pytest.fixture(scope="module")
def made(images: list[str], tmp_path_factory: pytest.TempPathFactory) -> MonitorResult:
    """Its result, made once."""
    return run(images, tmp_path_factory.mktemp("made") / "out")


@pytest.fixture
def out(made: MonitorResult, tmp_path: Path) -> Path:
    """The folder of that result, to go on in."""
    return Path(shutil.copytree(made.folder, tmp_path / "out"))


def run(images: list[str], out: Path, detector: Difference | None = None, **choice: object) -> MonitorResult:
    return monitor(detector or Difference(), images, out, choice=MonitorOptions(**choice))


def test_each_date_against_the_previous_and_the_first(made: MonitorResult) -> None:
    found, out = made, made.folder
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert sorted(path.name for path in (out / "pairs").iterdir()) == [
        *("2019-06-01_2020-06-11", "2019-06-01_2021-05-30", "2019-06-01_2022-06-02"),
        *("2020-06-11_2021-05-30", "2021-05-30_2022-06-02"),
    ]
    timeline = pd.read_csv(out / "timeline.csv")
    assert timeline["date"].tolist() == list(DAYS) and timeline["days"].tolist() == [0, 376, 729, 1097]
    assert timeline["since_first_px"].tolist()[1:] == [200, 400, 900]
    assert timeline["since_previous_px"].tolist()[1:] == [200, 400, 500]
    assert timeline["new_px"].tolist() == [0, 100, 300, 500]
    assert timeline["cumulative_px"].tolist() == [0, 100, 400, 900]
    assert timeline["cumulative_ha"].tolist() == pytest.approx([0, 1, 4, 9], rel=2e-3)  # on the ellipsoid
    with rasterio.open(out / "when.tif") as raster:
        when = raster.read(1)
    assert when[5, 5] == 2 and when[20, 20] == 3 and when[30, 30] == 4 and when[55, 55] == 0
    polygons = gpd.read_file(out / "cumulative.gpkg")
    assert [str(day)[:10] for day in polygons["first_change"]] == ["2022-06-02", "2021-05-30", "2020-06-11"]
    assert polygons["area_ha"].sum() == pytest.approx(timeline["cumulative_ha"].iloc[-1])
    assert found.hectares == pytest.approx(9, rel=2e-3) and not found.failed
    words = "4 dates from 2019-06-01 to 2022-06-02: 9.01 ha changed for good, 5.00 ha of it in the last date alone"
    assert repr(found) == f"<MonitorResult in {out}: {words}>"
    page = (out / "report.html").read_text()
    assert 'href="pairs/2019-06-01_2022-06-02/report.html"' in page and "First date of change" in page
    assert Image.open(out / "timeline.png").width > 1000
    assert found.timeline["cumulative_px"].tolist() == timeline["cumulative_px"].tolist()


def test_what_is_done_stays_and_the_files_are_the_same(images: list[str], out: Path, tmp_path: Path) -> None:
    files = {name: (out / name).read_bytes() for name in ("when.tif", "timeline.csv", "timeline.png")}
    again = run(images, out)
    assert not any(outcome.is_new for outcome in again.outcomes)
    assert {name: (out / name).read_bytes() for name in files} == files
    longer = [*images, str(write_geotiff(tmp_path / "2023-06-01.tif", growing(4), utm_grid(64, 64)))]
    assert [outcome.pair.id for outcome in run(longer, out).outcomes if outcome.is_new] == [
        *("2022-06-02_2023-06-01", "2019-06-01_2023-06-01")
    ]


@pytest.mark.parametrize("against", ["previous", "first"])
def test_against_one_kind_of_date_alone(images: list[str], out: Path, against: str) -> None:
    found = run(images, out, against=against)
    timeline = found.timeline
    if against == "previous":
        assert found.hectares is None and timeline["cumulative_px"].isna().all()
        assert sorted(path.name for path in out.iterdir()) == sorted(set(FILES) - {"when.tif", "cumulative.gpkg"})
    else:
        assert timeline["since_previous_px"].isna().all() and timeline["cumulative_px"].iloc[-1] == 900
    assert len(found.outcomes) == 3


def test_cloudy_images_are_left_out_and_it_is_said(images: list[str], out: Path, tmp_path: Path) -> None:
    cloudy = growing(2)
    cloudy[:40] = 0
    path = write_geotiff(tmp_path / "mine_2021-08-01.tif", cloudy, utm_grid(64, 64), nodata=0)
    found = run([*images, str(path)], out)
    assert found.left_out == {str(path): "no data in 62 % of what the series shows"}
    assert [step.day.isoformat() for step in found.steps] == list(DAYS)
    dates = pd.read_csv(out / "dates.csv")
    assert dates["number"].tolist()[:3] == [1, 2, 3] and dates["left_out"].notna().sum() == 1
    assert "Left out: 2021-08-01" in (out / "report.html").read_text()
    kept = find_series([*images, str(path)], None, PredictOptions(), MonitorOptions(most_missing=0.7))
    assert len(kept.used) == 5 and kept.used[3].missing == pytest.approx(0.625)


def test_what_no_image_shows_is_missing_in_none(tmp_path: Path) -> None:
    """A mine in a frame of zeros is whole."""
    paths = []
    for year, day in enumerate(DAYS[:2]):
        pixels = growing(year)
        pixels[:, 32:] = 0
        paths.append(str(write_geotiff(tmp_path / f"{day}.tif", pixels, utm_grid(64, 64), nodata=0)))
    series = find_series(paths, None, PredictOptions(), MonitorOptions())
    assert [image.missing for image in series.used] == [0, 0]


def days(*texts: str) -> list[DatedImage]:
    return [DatedImage(text, date.fromisoformat(text)) for text in texts]


@pytest.mark.parametrize(
    ("series", "kept"),
    [
        (("2019-02-01", "2019-07-01", "2020-06-20", "2021-07-03"), ("2019-07-01", "2020-06-20", "2021-07-03")),
        (("2019-12-28", "2019-06-01", "2020-01-04", "2020-04-01"), ("2019-12-28", "2020-01-04")),  # around New Year
        (("2019-03-01",), ("2019-03-01",)),
    ],
)  # fmt: skip
def test_one_image_a_year_of_one_season(series: tuple[str, ...], kept: tuple[str, ...]) -> None:
    assert tuple(image.image for image in one_a_year(days(*series))) == kept


def test_of_images_as_near_to_the_season_the_fuller_one_is_kept() -> None:
    equal = [
        DatedImage("a", date(2019, 6, 1)),
        DatedImage("b", date(2021, 5, 31), 0.2),
        DatedImage("c", date(2021, 6, 2), 0.1),
    ]
    assert [image.image for image in one_a_year(equal)] == ["a", "c"]


REFUSED = {
    "a missing date": ({"a.tif": 0, "2020-01-01.tif": 1}, None, "a.tif says none: state them all"),
    "a repeated date": ({"x_2020-01-01.tif": 0, "y_2020-01-01.tif": 1}, None, "are both of 2020-01-01"),
    "a repeated date that is stated": ({"a.tif": 0, "b.tif": 1}, ["2020-01-01"] * 2, "are both of 2020-01-01"),
    "too few dates": ({"a.tif": 0, "b.tif": 1}, ["2020-01-01"], "got 1 date for 2 images"),
    "a date that is none": ({"a.tif": 0, "b.tif": 1}, ["2020-01-01", "soon"], r"\(--dates\), got 'soon'"),
    "one image": ({"2020-01-01.tif": 0}, None, "Two images or more of one place are needed, got 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_dates_that_are_missing_or_repeated_are_refused_in_one_line(case: str, tmp_path: Path) -> None:
    files, dates, message = REFUSED[case]
    paths = [str(write_geotiff(tmp_path / name, growing(year), utm_grid(64, 64))) for name, year in files.items()]
    with pytest.raises(OptionError, match=message) as caught:
        monitor(Difference(), paths, tmp_path / "out", dates=dates)
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2 and not (tmp_path / "out").exists()


def test_an_image_of_another_place_is_named(images: list[str], tmp_path: Path) -> None:
    path = write_geotiff(tmp_path / "2023-01-01.tif", growing(1), utm_grid(64, 64, left=480_000))
    with pytest.raises(GridError, match=r"2023-01-01.tif, laid on .*: The images do not overlap"):
        run([*images, str(path)], tmp_path / "out")
    with pytest.raises(OptionError, match="give a list of names"):
        monitor(Difference(), images[0], tmp_path / "out")


def test_options_out_of_range_are_refused() -> None:
    for wrong in ({"against": "all"}, {"every": "week"}, {"most_missing": 2}, {"cumulative_threshold": 1.5}):
        with pytest.raises(OptionError):
            MonitorOptions(**wrong)


def test_a_file_that_an_option_names_is_not_replaced(images: list[str], out: Path) -> None:
    """What was found last year as the mines that are known."""
    before = (out / "cumulative.gpkg").read_bytes()
    of_pair = out / "pairs" / "2019-06-01_2020-06-11" / "change.gpkg"
    named = {"prior": out / "cumulative.gpkg"}, {"aoi": f"{out / 'cumulative.gpkg'}:cumulative"}, {"leases": of_pair}
    for options in named:
        with pytest.raises(OutputPathError, match=r"\.gpkg is an input, and a result would replace it"):
            monitor(Difference(), images, out, options=PredictOptions(**options))
    assert (out / "cumulative.gpkg").read_bytes() == before


def test_options_of_one_date_of_two_are_refused(images: list[str], tmp_path: Path) -> None:
    wrong = {"mask_after": "scl", "bands_after": (3, 2, 1), "nodata_after": 0, "date_before": "2019-01-01"}
    for name, value in wrong.items():
        with pytest.raises(OptionError, match=f"got {name} of one date of two: use bands, mask, nodata"):
            monitor(Difference(), images, tmp_path / "out", options=PredictOptions(**{name: value}))
    assert not (tmp_path / "out").exists()


def test_pictures_without_a_place_are_measured_by_the_metres_that_are_stated(tmp_path: Path) -> None:
    paths = []
    for year, day in enumerate(DAYS[:3]):
        paths.append(str(tmp_path / f"{day.replace('-', '')}.png"))
        Image.fromarray(growing(year)).save(paths[-1])
    options = PredictOptions(metres_per_pixel=5)
    found = monitor(Difference(), paths, tmp_path / "out", options=options)
    assert found.hectares == pytest.approx(400 * 25 / 1e4)
    assert (tmp_path / "out" / "cumulative.geojson").exists()
    unknown = monitor(Difference(), paths, tmp_path / "out")
    assert unknown.hectares is None and unknown.timeline["cumulative_px"].iloc[-1] == 400


def test_a_pair_that_fails_is_told_and_the_rest_go_on(images: list[str], tmp_path: Path) -> None:
    class Breaking(Difference):
        def for_scene(self, *sample: object, **how: object) -> object:
            if self.ranged == 1:
                self.ranged += 1
                raise RuntimeError("out of memory, say")
            return super().for_scene(*sample, **how)

    found = run(images, tmp_path / "out", Breaking())
    assert found.failed == {"2020-06-11_2021-05-30": "RuntimeError: out of memory, say"}
    assert found.timeline["cumulative_px"].iloc[-1] == 900
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<b>1 pair failed.</b>" in page
    assert '<a href="pairs/2019-06-01_2021-05-30/report.html">2021-05-30</a></b>' in page  # by the pair that did not
    with pytest.raises(MineNetCDError, match="No pair of dates could be read"):
        monitor(Difference(bands=("one",)), images, tmp_path / "none")


def test_an_interrupted_run_goes_on(images: list[str], tmp_path: Path) -> None:
    class Interrupted(Difference):
        def probabilities(self, *dates: NDArray, **keywords: object) -> NDArray:
            if self.ranged == 3:
                raise KeyboardInterrupt
            return super().probabilities(*dates, **keywords)

    with pytest.raises(RunInterrupted, match="Stopped with 2 of 5 pairs done: the same command goes on in"):
        run(images, tmp_path / "out", Interrupted())
    found = run(images, tmp_path / "out", Interrupted(ranged=9))
    assert [outcome.is_new for outcome in found.outcomes] == [False, False, True, True, True]


def test_a_series_is_read_pair_by_pair_however_the_options_are() -> None:
    images = tuple(DatedImage(f"{day}.tif", date.fromisoformat(day), is_stated=day > "2021") for day in DAYS)
    pairs = pairs_of(Series(images, ()), MonitorOptions(), PredictOptions(nodata=0, threshold=0.3))
    assert list(pairs) == [(1, 2), (2, 3), (1, 3), (3, 4), (1, 4)]
    options = pairs[2, 3].options
    assert (options.date_before, options.date_after, options.nodata_after) == (None, "2021-05-30", 0)


def test_the_command(images: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "minenetcd", "monitor", *images, "--model", "cva", "--out", str(tmp_path / "out")]
    done = subprocess.run([*command, "--json", "--every", "year"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["hectares"] > 0 and len(told["timeline"]) == 4 and len(told["pairs"]) == 5
    assert told["files"]["when"] == str(tmp_path / "out" / "when.tif") and len(told["files"]) == 6
    assert told["timeline"][1]["date"] == "2020-06-11"
    assert "2019-06-01_2020-06-11: " in done.stderr
    wrong = subprocess.run([*command, "--dates", "2019-01-01"], capture_output=True, text=True)
    assert wrong.returncode == 2 and wrong.stderr.startswith("Error: A date for each image is needed (--dates)")
    assert minenetcd.monitor is monitor
