"""Mining polygons become sites: what lies close together is one."""

import os
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame, GeoSeries
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from minenetcd.building.sites.finding import NO_COUNTRY, TO_FILL_IN, SiteOptions, cluster, find_sites, write_sites
from minenetcd.building.sites.map import draw_site_map
from minenetcd.building.sites.table import read_site_table
from minenetcd.errors import DataError, OptionError, OutputError

EVERYTHING = SiteOptions(min_area_km2=0)
CORNER = (400_000, 5_600_000)  # in UTM zone 33 north


def square(east: float, north: float, side: float = 1000) -> shapely.Polygon:
    """A square whose lower left corner lies so many metres from CORNER."""
    return shapely.box(CORNER[0] + east, CORNER[1] + north, CORNER[0] + east + side, CORNER[1] + north + side)


def mines(shapes: list[shapely.Polygon], codes: list[str] | None = None, crs: str = "EPSG:32633") -> GeoDataFrame:
    """A layer in the layout of Maus et al."""
    codes = codes or ["DEU"] * len(shapes)
    frame = GeoDataFrame(
        {"ISO3_CODE": codes, "COUNTRY_NAME": [f"Land of {code}" for code in codes], "AREA": 1.0},
        geometry=shapes, crs=crs,
    )  # fmt: skip
    return frame.to_crs("EPSG:4326").rename_geometry("geom")


def written(folder: Path, frame: GeoDataFrame, name: str = "mines.gpkg") -> Path:
    frame.to_file(folder / name, layer="mining_polygons")
    return folder / name


def found(folder: Path, frame: GeoDataFrame, **options: float) -> GeoDataFrame:
    return find_sites(written(folder, frame), SiteOptions(**{"min_area_km2": 0} | options))


def test_polygons_within_the_distance_are_one_site(tmp_path: Path) -> None:
    layer = mines([square(0, 0), square(2900, 0), square(4800, 0), square(9000, 0)])  # gaps of 1900, 900 and 3200 m
    assert found(tmp_path, layer, distance_m=2000)["polygons"].tolist() == [3, 1]
    assert found(tmp_path, layer, distance_m=1000)["polygons"].tolist() == [2, 1, 1]
    assert found(tmp_path, layer, distance_m=0)["polygons"].tolist() == [1, 1, 1, 1]
    assert found(tmp_path, layer, distance_m=4000)["polygons"].tolist() == [4]


def test_a_site_knows_its_area_and_its_extent_in_metres(tmp_path: Path) -> None:
    site = found(tmp_path, mines([square(0, 0), square(500, 0), square(0, 1500, 2000)]), buffer_m=300).iloc[0]
    assert site["area_km2"] == pytest.approx(1.5 + 4, rel=2e-3)  # on the ellipsoid; overlaps count once
    assert site["crs"] == "EPSG:32633"
    extent = site[["left", "bottom", "right", "top"]].tolist()
    wanted = [CORNER[0] - 300, CORNER[1] - 300, CORNER[0] + 2300, CORNER[1] + 3800]
    assert np.abs(np.subtract(extent, wanted)).max() <= 1
    assert extent[0] <= wanted[0] + 0.01 and extent[2] >= wanted[2] - 0.01  # rounded outwards
    middle = GeoSeries([shapely.Point(CORNER[0] + 1000, CORNER[1] + 1750)], crs="EPSG:32633").to_crs("EPSG:4326")[0]
    assert (site["longitude"], site["latitude"]) == pytest.approx((middle.x, middle.y), abs=2e-5)
    assert site["geometry"].contains(middle)


def test_sites_are_named_by_country_and_rank_so_that_a_least_area_renames_none(tmp_path: Path) -> None:
    layer = mines(
        [square(0, 0, 900), square(20_000, 0, 3000), square(40_000, 0, 2000), square(60_000, 0)],
        ["DEU", "DEU", "CZE", "DEU"],
    )
    sites = found(tmp_path, layer)
    assert sites["id"].tolist() == ["CZE-0001", "DEU-0001", "DEU-0002", "DEU-0003"]
    assert sites["country"].tolist() == ["Land of CZE", *["Land of DEU"] * 3]
    large = found(tmp_path, layer, min_area_km2=2)
    assert large["id"].tolist() == ["CZE-0001", "DEU-0001"]


def test_a_site_on_a_border_belongs_where_most_of_it_lies(tmp_path: Path) -> None:
    layer = mines([square(0, 0, 1500), square(1600, 0, 1000), square(2700, 0, 1400)], ["DEU", "CZE", "CZE"])
    assert found(tmp_path, layer)["iso3"].tolist() == ["CZE"]


def test_the_order_of_polygons_changes_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    layer = mines([square(*place, side=side) for *place, side in rng.uniform(300, 40_000, (40, 3)) / (1, 1, 20)])
    turned = layer.iloc[rng.permutation(len(layer))]
    for name, frame in (("one.csv", layer), ("two.csv", turned)):
        write_sites(find_sites(written(tmp_path, frame, f"{name}.gpkg"), EVERYTHING), tmp_path / name)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_mines_on_both_sides_of_180_degrees_are_one_site(tmp_path: Path) -> None:
    boxes = [shapely.box(179.97, 68, 179.99, 68.01), shapely.box(-179.99, 68, -179.97, 68.01)]
    sites = found(tmp_path, mines(boxes, ["RUS", "RUS"], "EPSG:4326"), distance_m=1000)
    assert sites["polygons"].tolist() == [2]
    assert abs(sites["longitude"].iloc[0]) == pytest.approx(180, abs=0.01)
    left, bottom, right, top = sites.total_bounds
    assert -180 <= left < -179.9 and 179.9 < right <= 180 and 67.9 < bottom < top < 68.1
    assert sites.geometry.iloc[0].is_valid and sites.geometry.iloc[0].area < 0.02


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 30)] * 2), min_size=1, max_size=14), st.sampled_from([300, 1500, 4000]))
def test_clusters_are_those_of_every_pair_measured(places: list[tuple[int, int]], metres: int) -> None:
    shapes = [square(1000 * east + 50, 1000 * north, side=350) for east, north in places]
    labels = cluster(mines(shapes).geometry, metres)
    groups = {frozenset({number}) for number in range(len(shapes))}
    for one, other in combinations(range(len(shapes)), 2):
        if shapes[one].distance(shapes[other]) <= metres:
            joined = [group for group in groups if group & {one, other}]
            groups = (groups - set(joined)) | {frozenset().union(*joined)}
    assert {frozenset(np.flatnonzero(labels == label).tolist()) for label in labels} == groups


def test_the_table_is_ready_to_be_filled_in_for_building(tmp_path: Path) -> None:
    sites = found(tmp_path, mines([square(0, 0), square(9000, 0, 2000)]))
    for name in ("sites.gpkg", "sites.geojson", "sites.csv"):
        write_sites(sites, tmp_path / name)
        with pytest.raises(DataError, match=r"Site 'DEU-0001' in .* has no before: fill in the column 'before'"):
            read_site_table(tmp_path / name)
    again = gpd.read_file(tmp_path / "sites.gpkg")
    assert set(TO_FILL_IN) <= set(again.columns) and again[list(TO_FILL_IN)].isna().all(axis=None)
    assert again["area_km2"].tolist() == pytest.approx([4, 1], rel=2e-3)


def test_no_country_is_a_formula_in_the_table(tmp_path: Path) -> None:
    layer = mines([square(0, 0)], ["=A1"])
    layer["COUNTRY_NAME"] = "@SUM(1)"
    write_sites(found(tmp_path, layer), tmp_path / "sites.csv")
    rows = pd.read_csv(tmp_path / "sites.csv", dtype=str)
    assert rows.loc[0, ["id", "country"]].tolist() == ["'=A1-0001", "'@SUM(1)"]
    for place in ("before", "after", "label"):
        rows[place] = [str(tmp_path / "mines.gpkg")]
    rows.to_csv(tmp_path / "sites.csv", index=False)
    (site,) = read_site_table(tmp_path / "sites.csv")
    assert (site.id, site.country) == ("=A1-0001", "@SUM(1)")


def test_a_map_shows_the_sites(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    boxes = [shapely.box(x, y, x + 0.05, y + 0.05) for x, y in rng.uniform((15, -30), (30, 10), (30, 2))]
    sites = found(tmp_path, mines(boxes, ["COD"] * 30, "EPSG:4326"))
    draw_site_map(sites, tmp_path / "sites.png")
    pixels = np.asarray(Image.open(tmp_path / "sites.png").convert("RGB")).astype(int)
    red = (pixels[..., 0] > 180) & (pixels[..., 1] < 130) & (pixels[..., 2] < 120)
    columns = np.flatnonzero(red[100:-200].any(axis=0))
    assert red.sum() > 200 and 0.5 < columns.mean() / pixels.shape[1] < 0.65  # in Africa
    draw_site_map(sites, tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "sites.png").read_bytes()


def test_layers_that_are_none_are_refused(tmp_path: Path) -> None:
    layer = mines([square(0, 0)])
    (tmp_path / "broken.gpkg").write_text("no layer")
    layer.drop(columns="ISO3_CODE").to_file(tmp_path / "column.gpkg")
    points = layer.set_geometry(layer.geometry.representative_point())
    points.to_file(tmp_path / "points.gpkg")
    layer.iloc[:0].to_file(tmp_path / "empty.gpkg")
    refused = {
        "gone.gpkg": "^There is no file .*gone.gpkg: check the path.$",
        "broken.gpkg": "cannot be read .*: download or export them again.$",
        "column.gpkg": r"need the columns ISO3_CODE and COUNTRY_NAME, .* lacks ISO3_CODE \(it has COUNTRY_NAME, AREA",
        "points.gpkg": "Mining polygons are needed, .* holds Point: give another layer.$",
        "empty.gpkg": "Mining polygons are needed, .* holds none: give another layer.$",
    }
    for name, message in refused.items():
        with pytest.raises(DataError, match=message):
            find_sites(tmp_path / name)
    with pytest.raises(DataError, match=r"^No site of 50 km2 is in .*mines.gpkg: lower --min-area.$"):
        found(tmp_path, layer, min_area_km2=50)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_layer_without_crs_is_refused(tmp_path: Path) -> None:
    mines([square(0, 0)]).set_crs(None, allow_override=True).to_file(tmp_path / "nowhere.gpkg")
    with pytest.raises(DataError, match=r"Mining polygons need a CRS, .* has none"):
        find_sites(tmp_path / "nowhere.gpkg")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distance_m": -1}, "--distance needs a number from 0 up, got -1"),
        ({"buffer_m": float("nan")}, "--buffer needs a number from 0 up, got nan"),
        ({"min_area_km2": float("inf")}, "--min-area needs a number from 0 up, got inf"),
        ({"distance_m": 2e5}, "--distance needs to be 100000 m at most, got 200000"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        SiteOptions(**options)


def test_a_table_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    sites = found(tmp_path, mines([square(0, 0)]))
    with pytest.raises(OptionError, match="change its ending"):
        write_sites(sites, tmp_path / "sites.xlsx")
    with pytest.raises(OutputError, match="there is no folder"):
        write_sites(sites, tmp_path / "gone" / "sites.csv")
    assert sorted(os.listdir(tmp_path)) == ["mines.gpkg"]


def test_real_mines(tmp_path: Path, real_images: Path) -> None:
    polygons = real_images / "vector/oms2cd_active_sites_corrected.geojson"
    real = gpd.read_file(polygons).rename(columns={"country": "COUNTRY_NAME", "GID_0": "ISO3_CODE"})
    sites = found(tmp_path, real[["COUNTRY_NAME", "ISO3_CODE", "geometry"]])
    assert 1 <= len(sites) <= len(real) and sites["polygons"].sum() == len(real)
    assert set(sites["country"].dropna()) == set(real["COUNTRY_NAME"].dropna())
    assert (sites["iso3"].isna() == sites["id"].str.startswith(f"{NO_COUNTRY}-")).all()
    total = real.to_crs("ESRI:54034").union_all().area / 1e6
    assert sites["area_km2"].sum() == pytest.approx(total, rel=0.01)
