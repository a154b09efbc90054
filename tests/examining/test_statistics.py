"""Statistics of data sets on disk: numbers against other ways to get them, figures where the data can fill them."""

import json
import xml.etree.ElementTree as ElementTree
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from rasterio.crs import CRS

from fixtures.pair_files import make_pair, strict_json, write_folder, write_parquet
from fixtures.wide_pairs import write_wide
from minenetcd.errors import DataError, OutputError
from minenetcd.examining.acquisition import middle_day, months_between, parse_dates
from minenetcd.examining.examine import mean_and_deviation
from minenetcd.examining.statistics import Statistics, dataset_statistics
from minenetcd.examining.statistics.figures.places import sites_per_country
from minenetcd.examining.statistics.figures.write import FIGURES, NUMBERS, WrittenStatistics, write_statistics
from minenetcd.examining.statistics.geolocation import locate, middle, overlap_share
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.hectares import changed_hectares

SIDE = 64
#: site, country, EPSG, left, top, before, after
SITES = [
    ("Mogalakwena", "South Africa", 32735, 700_000.0, 7_340_000.0, "2012-03-04", "2019-03-04"),
    ("Sishen", "South Africa", 32734, 690_000.0, 6_930_000.0, "2014", "2020-07"),
    ("Escondida", "Chile", 32719, 495_000.0, 7_320_000.0, "2010-01-15", "2022-11-30"),
    ("Grasberg", None, 32753, 740_000.0, 9_550_000.0, None, None),
]


def places(*, step: float = 1.2 * SIDE) -> list[dict[str, object]]:
    """Two patches a site, side by side."""
    return [
        {
            "site": site, "country": country, "row": 0, "column": column, "crs": f"EPSG:{epsg}",
            "left": left + column * step, "right": left + column * step + 1.2 * SIDE, "top": top,
            "bottom": top - 1.2 * SIDE, "before_date": before, "after_date": after,
        }
        for site, country, epsg, left, top, before, after in SITES
        for column in (0, 1)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six patches of three sites to train, two of one to test, as the builder writes them."""
    root = tmp_path_factory.mktemp("built")
    pairs = list(map(make_pair, range(8)))
    write_parquet(root, "train", pairs[:6], places()[:6])
    return write_parquet(root, "test", pairs[6:], places()[6:])


@pytest.fixture(scope="module")
def statistics(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    return dataset_statistics(built, cache_dir=tmp_path_factory.mktemp("cache"))


def test_changed_area_is_that_of_the_pixels_on_the_ellipsoid(statistics: Statistics) -> None:
    expected = [
        changed_hectares(
            make_pair(number).mask > 0,
            Grid(
                SIDE,
                SIDE,
                Affine(1.2, 0, place["left"], 0, -1.2, place["top"]),
                CRS.from_string(place["crs"]),
            ),
        )
        / 100
        for number, place in enumerate(places())
    ]
    np.testing.assert_allclose(statistics.pairs["changed_km2"], expected, rtol=1e-4)
    by_site = statistics.sites.set_index("site")["changed_km2"]
    assert by_site["Mogalakwena"] == pytest.approx(sum(expected[:2]), rel=1e-4)


def test_sites_lie_where_they_should(statistics: Statistics) -> None:
    sites = statistics.sites.set_index("site")
    assert sites.loc["Mogalakwena", ["longitude", "latitude"]].astype(float).round(1).tolist() == [29.0, -24.0]
    assert sites.loc["Escondida", ["longitude", "latitude"]].astype(float).round(1).tolist() == [-69.0, -24.2]
    assert sites["pairs"].tolist() == [2] * 4
    assert pd.isna(sites.loc["Grasberg", "country"]) and sites.loc["Grasberg", "splits"] == "test"


def test_dates_and_months(statistics: Statistics) -> None:
    sites = statistics.sites.set_index("site")
    assert sites.loc["Mogalakwena", "months"] == pytest.approx(84, abs=0.1)
    assert sites.loc["Sishen", "before"] == pd.Timestamp("2014-07-02")  # somewhere in 2014
    assert pd.isna(sites.loc["Grasberg", "months"])


@pytest.fixture(scope="module")
def written(statistics: Statistics, tmp_path_factory: pytest.TempPathFactory) -> WrittenStatistics:
    return write_statistics(statistics, tmp_path_factory.mktemp("figures") / "out")


@pytest.mark.slow
def test_json_holds_it_all_and_says_what_it_lacks(statistics: Statistics, written: WrittenStatistics) -> None:
    told = strict_json(written.numbers.read_text())
    assert told["pairs"] == 8 and list(told["splits"]) == ["train", "test"]
    assert told["countries"]["South Africa"] == {
        "sites": 2, "pairs": 4, "changed_km2": pytest.approx(statistics.pairs["changed_km2"][:4].sum()),
    }  # fmt: skip
    assert told["sites"][0]["site"] == "Escondida" and told["sites"][0]["before"] == "2010-01-15"
    assert told["sites"][1]["country"] is None and told["sites"][1]["months"] is None
    assert told["acquisitions"]["before"] == {"first": "2010-01-15", "last": "2014-07-02"}
    assert told["not_known"] == {} and set(told["figures"]) == set(FIGURES)
    assert "1 of 4 sites lack a country." in told["notes"]
    pixels = np.stack([make_pair(number).before for number in range(8)]).reshape(-1, 3)
    np.testing.assert_allclose(told["bands"]["before"]["mean"], pixels.mean(axis=0))
    assert told["bands"]["before"]["histograms"][2] == np.bincount(pixels[:, 2], minlength=256).tolist()


def test_every_figure_is_a_png_and_an_svg(written: WrittenStatistics) -> None:
    for name in FIGURES:
        with Image.open(written.figures[name]["png"]) as image:
            assert min(image.size) > 250 and len(image.convert("L").getcolors()) > 10
        assert ElementTree.parse(written.figures[name]["svg"]).getroot().tag.endswith("svg")
    assert len(list(written.numbers.parent.iterdir())) == 2 * len(FIGURES) + 1


@pytest.mark.slow
def test_equal_data_gives_equal_files(statistics: Statistics, written: WrittenStatistics, tmp_path: Path) -> None:
    again = write_statistics(statistics, tmp_path)
    for path in [again.numbers, *(path for paths in again.figures.values() for path in paths.values())]:
        assert path.read_bytes() == (written.numbers.parent / path.name).read_bytes(), path


@pytest.mark.slow
def test_only_what_the_data_knows_is_drawn(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "set", map(make_pair, range(3)), split=None)
    for old in (NUMBERS, "sites_map.png", "sites_map.svg", "notes.txt"):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / old).write_text("of an earlier run")
    written = write_statistics(dataset_statistics(root), tmp_path / "out")
    drawn = {"spectral_histograms", "changed_share"}
    assert set(written.figures) == drawn
    files = {f"{name}.{ending}" for name in drawn for ending in ("png", "svg")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == files | {NUMBERS, "notes.txt"}
    told = strict_json(written.numbers.read_text())
    assert set(told["not_known"]) == set(FIGURES) - drawn
    assert told["not_known"]["acquisition_dates"] == "The data set does not have before_date and after_date"
    assert told["changed_km2"] is None and told["sites"] == [] and told["countries"] == {}


def test_unusable_pairs_are_left_out_and_named(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "set", map(make_pair, range(3)))
    (root / "train/B/001.png").write_text("not an image")
    statistics = dataset_statistics(root, workers=1)
    assert list(statistics.pairs["name"]) == ["000", "002"]
    assert list(statistics.unusable) == ["train/001"] and "001.png" in statistics.unusable["train/001"]


@pytest.mark.parametrize(("dtype", "scale"), [("uint16", 10_000), ("float32", 1)])
def test_levels_of_images_that_are_not_8_bit_are_of_one_range_for_all_splits(
    dtype: str, scale: float, tmp_path: Path
) -> None:
    folder = write_wide(tmp_path, dtype=dtype, scale=scale, bands=4)
    found = dataset_statistics(folder)
    assert found.histograms.shape == (2, 4, 256) and found.histograms.sum() == 2 * 4 * 8 * 48 * 48
    before, after = mean_and_deviation(found.histograms)[0]
    assert (after > before + 2).all() and (before > 20).all()  # what became brighter is brighter
    assert found.notes[-1].startswith("The images are not 8-bit: levels 0 and 255 stand for ")
    told = dataset_statistics(f"{folder}?range=0,{scale / 2:g}")
    assert f"stand for {', '.join([f'0 to {scale / 2:g}'] * 4)}." in told.notes[-1]
    assert mean_and_deviation(told.histograms)[0][0] == pytest.approx(0.15 * 2 * 255, rel=0.05)


def test_without_a_readable_pair_there_are_no_statistics(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "set", [make_pair(0)])
    (root / "train/A/000.png").write_text("not an image")
    with pytest.raises(DataError, match="Statistics need pairs that can be read"):
        dataset_statistics(root)


def test_a_folder_that_cannot_be_written_is_told(statistics: Statistics, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_statistics(statistics, tmp_path / "file")


def test_overlapping_patches_are_told(tmp_path: Path) -> None:
    write_parquet(tmp_path / "set", "train", map(make_pair, range(8)), places(step=0.6 * SIDE))
    statistics = dataset_statistics(tmp_path / "set", cache_dir=tmp_path / "cache")
    assert "Patches overlap: 25.0% of their area is counted more than once." in statistics.notes


@pytest.mark.slow
def test_very_many_sites_and_countries_still_fit(tmp_path: Path) -> None:
    """Beyond 40 sites and 25 countries figures change their form."""
    where = [
        {"site": f"s{n}", "country": f"country {n % 30}", "crs": "EPSG:4326", "left": n * 3.0 - 100, "bottom": n % 50,
         "right": n * 3.0 - 99.999, "top": n % 50 + 0.001, "before_date": "2015", "after_date": f"20{17 + n % 5}-06"}
        for n in range(60)
    ]  # fmt: skip
    write_parquet(tmp_path / "set", "train", (make_pair(n, side=32) for n in range(60)), where)
    statistics = dataset_statistics(tmp_path / "set", cache_dir=tmp_path / "cache")
    written = write_statistics(statistics, tmp_path / "out")
    assert set(written.figures) == set(FIGURES)
    assert "5 other countries" in _text_of(sites_per_country(statistics))
    assert len(json.loads(written.numbers.read_text())["countries"]) == 30


def _text_of(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(Text))


@settings(max_examples=40, deadline=None)
@given(longitude=st.floats(-179, 179), latitude=st.floats(-70, 75), side=st.floats(100, 5_000), web=st.booleans())
def test_area_does_not_depend_on_the_projection(longitude: float, latitude: float, side: float, web: bool) -> None:
    zone = int((longitude + 180) // 6) + 1
    epsg = 3857 if web else 32600 + zone + (100 if latitude < 0 else 0)
    x, y = pyproj.Transformer.from_crs(4326, epsg, always_xy=True).transform(longitude, latitude)
    row = {"crs": f"EPSG:{epsg}", "left": x, "bottom": y, "right": x + side, "top": y + side}
    found = locate(pd.DataFrame([row])).iloc[0]
    grid = Grid(16, 16, Affine(side / 16, 0, x, 0, -side / 16, y + side), CRS.from_epsg(epsg))
    assert found["area_km2"] == pytest.approx(changed_hectares(np.ones((16, 16), bool), grid) / 100, rel=2e-4)
    assert abs(found["latitude"] - latitude) < 0.1


def test_places_that_are_nowhere_are_not_known() -> None:
    rows = pd.DataFrame({"crs": ["nonsense", None, 'LOCAL_CS["pixels"]', "EPSG:4326"], "left": 1.0, "bottom": 2.0,
                         "right": [2, 2, 2, np.nan], "top": 3.0})  # fmt: skip
    assert locate(rows).isna().all(axis=None)
    assert overlap_share(rows.iloc[:0]) == 0


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=5), st.floats(-180, 180))
def test_the_middle_turns_with_the_world(around: list[tuple[float, float]], turn: float) -> None:
    longitudes, latitudes = np.array(around).T
    longitude, latitude = middle(longitudes, latitudes)
    turned, same = middle(longitudes + turn, latitudes)
    assert same == pytest.approx(latitude, abs=1e-9)
    assert (turned - longitude - turn + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)


# pandas 2 counts nanoseconds, which end in 2262
@given(st.dates(date(1950, 1, 1), date(2199, 12, 31)), st.integers(0, 20_000))
def test_dates_are_read_as_far_as_they_are_given(day, later: int) -> None:
    texts = pd.Series([f"{day:%Y-%m-%d}", f"{day:%Y-%m-%dT12:30:00Z}", f"{day:%Y-%m}", f"{day:%Y}", "spring", None])
    read = parse_dates(texts)
    there = pd.Timestamp(day)
    assert (read.iloc[:2] == there).all(axis=None)
    assert ((read["first"] <= there) & (there <= read["last"])).tolist() == [True] * 4 + [False] * 2
    assert (read["last"] - read["first"]).dt.days.iloc[2] in (27, 28, 29, 30)
    assert (read["last"] - read["first"]).dt.days.iloc[3] in (364, 365)
    assert abs((middle_day(read).iloc[3] - pd.Timestamp(day.year, 7, 2)).days) <= 1
    months = months_between(pd.Series([there]), pd.Series([there + pd.Timedelta(days=later)]))
    assert months[0] == pytest.approx(later / 30.436875)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=200))
def test_mean_and_deviation_are_those_of_the_pixels(values: list[int]) -> None:
    mean, deviation = mean_and_deviation(np.bincount(values, minlength=256))
    assert mean == pytest.approx(np.mean(values)) and deviation == pytest.approx(np.std(values), abs=1e-6)
