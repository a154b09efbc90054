"""The table of sites: every format, and every way it can be wrong."""

import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from fixtures.scene_files import COLUMNS, make_sites, write_table
from minenetcd.building.sites.table import Site, read_site_table
from minenetcd.errors import DataError

Rows = list[dict[str, object]]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return make_sites(tmp_path, 3, side=16)


def refusal(table: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_site_table(table)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def refused_csv(folder: Path, rows: Rows, **changes: object) -> str:
    """What is said of a table whose second row is changed."""
    changed = [rows[0], rows[1] | changes, rows[2]]
    return refusal(write_table(folder / "sites.csv", changed, (*COLUMNS, "area_km2")))


@pytest.mark.parametrize("ending", ["csv", "gpkg", "geojson"])
def test_every_format_gives_the_same_sites(tmp_path: Path, rows: Rows, ending: str) -> None:
    path = tmp_path / f"sites.{ending}"
    if ending == "csv":
        write_table(path, rows)
    else:
        places = [shapely.Point(13.5 + number, 50.5) for number in range(3)]
        gpd.GeoDataFrame(pd.DataFrame(rows), geometry=places, crs="EPSG:4326").to_file(path)
    sites = read_site_table(path)
    assert [site.id for site in sites] == ["mine-00", "mine-01", "mine-02"]
    assert sites[1] == Site(
        "mine-01", "mine-01_before.tif", "mine-01_after.tif", "mine-01_change.geojson", table=path,
        country="Country 1", before_date="2011-05-17", after_date="2021-06",
    )  # fmt: skip
    assert sites[1].inputs()[0] == str(tmp_path / "mine-01_before.tif")


def test_rows_may_come_in_any_order_and_columns_too(tmp_path: Path, rows: Rows) -> None:
    forth = write_table(tmp_path / "forth.csv", rows)
    back = write_table(tmp_path / "back.csv", rows[::-1], COLUMNS[::-1])
    assert [site.before for site in read_site_table(forth)] == [site.before for site in read_site_table(back)]


def test_a_spreadsheet_of_another_country_is_read(tmp_path: Path, rows: Rows) -> None:
    text = write_table(tmp_path / "sites.csv", rows).read_text().replace(",", ";")
    (tmp_path / "sites.csv").write_text(text, encoding="utf-8-sig")
    assert len(read_site_table(tmp_path / "sites.csv")) == 3


def test_texts_that_look_like_gaps_or_numbers_stay_texts(tmp_path: Path, rows: Rows) -> None:
    table = write_table(tmp_path / "sites.csv", [rows[0] | {"id": "007", "country": "NA", "before_date": ""}])
    (site,) = read_site_table(table)
    assert (site.id, site.country, site.before_date) == ("007", "NA", None)


def test_the_area_is_that_of_the_polygons_or_of_the_column(tmp_path: Path, rows: Rows) -> None:
    square = gpd.GeoSeries([shapely.box(0, 0, 2000, 3000)], crs="EPSG:32633").translate(400_000, 5_600_000)
    frame = gpd.GeoDataFrame(pd.DataFrame(rows[:1]), geometry=square)
    frame.to_file(tmp_path / "polygons.gpkg")
    assert read_site_table(tmp_path / "polygons.gpkg")[0].area_km2 == pytest.approx(6, rel=1e-3)
    frame.assign(area_km2=2.5).to_file(tmp_path / "column.gpkg")
    assert read_site_table(tmp_path / "column.gpkg")[0].area_km2 == 2.5


def test_dates_of_a_database_are_read(tmp_path: Path, rows: Rows) -> None:
    frame = gpd.GeoDataFrame(pd.DataFrame(rows[:1]), geometry=[shapely.Point(0, 0)], crs="EPSG:4326")
    frame = frame.assign(before_date=pd.Timestamp("2012-03-04 10:11:12"), after_date=2021)
    frame.to_file(tmp_path / "sites.gpkg")
    (site,) = read_site_table(tmp_path / "sites.gpkg")
    assert (site.before_date, site.after_date) == ("2012-03-04", "2021")


def test_a_url_is_not_looked_for_on_the_disk(tmp_path: Path, rows: Rows) -> None:
    table = write_table(tmp_path / "sites.csv", [rows[0] | {"before": "https://example.org/a.tif"}])
    assert read_site_table(table)[0].inputs()[0] == "https://example.org/a.tif"


def test_tables_that_are_none_are_refused(tmp_path: Path, rows: Rows) -> None:
    assert refusal(tmp_path / "sites.csv") == f"There is no site table {tmp_path}/sites.csv: check the path."
    (tmp_path / "sites.xlsx").write_text("")
    assert "A site table ends in .gpkg, .geojson, .csv, got" in refusal(tmp_path / "sites.xlsx")
    for name in ("broken.gpkg", "broken.geojson"):
        (tmp_path / name).write_text("no table")
        assert "cannot be read" in refusal(tmp_path / name)
    (tmp_path / "empty.csv").write_text("")
    assert "cannot be read" in refusal(tmp_path / "empty.csv")
    assert "needs a row for each site" in refusal(write_table(tmp_path / "no-rows.csv", []))


def test_a_missing_column_is_named_beside_those_there(tmp_path: Path, rows: Rows) -> None:
    table = write_table(tmp_path / "sites.csv", rows, ("id", "country", "before", "label"))
    assert refusal(table) == (
        f"A site table needs the columns id, before, after, label, {table} lacks after "
        "(it has id, country, before, label): add or rename them."
    )


@pytest.mark.parametrize("column", ["before", "after", "label"])
def test_a_missing_file_is_named_with_its_site_and_column(tmp_path: Path, rows: Rows, column: str) -> None:
    message = refused_csv(tmp_path, rows, **{column: "gone.tif"})
    assert message == (
        f"Site 'mine-01' needs its file {tmp_path}/gone.tif, which does not exist: correct the column {column!r} of "
        f"{tmp_path}/sites.csv."
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "mine-00"}, "needs an id of its own, .* has 'mine-00' more than once: rename or merge"),
        ({"id": ""}, "Row 2 in .* has no id: fill in the column 'id', or drop the row"),
        ({"after": " "}, "Site 'mine-01' in .* has no after: fill in the column 'after'"),
        ({"id": "a/b"}, "Site 'a/b' in .* cannot be used in a name: leave slashes"),
        ({"before_date": "17.5.2011"}, "needs before_date as YYYY-MM-DD, YYYY-MM or YYYY, got '17.5.2011'"),
        ({"before_date": "2011-02-30"}, "needs before_date as YYYY-MM-DD, YYYY-MM or YYYY, got '2011-02-30'"),
        ({"before_date": "2021-07"}, "before on 2021-07 and after on 2021-06: exchange the images or correct"),
        ({"area_km2": "large"}, "needs a number in column 'area_km2', got 'large'"),
    ],
)
def test_rows_that_are_wrong_are_refused(tmp_path: Path, rows: Rows, changes: dict, message: str) -> None:
    refused = refused_csv(tmp_path, rows, **changes)
    assert re.search(message, refused), refused
