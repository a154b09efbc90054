"""Layers of polygons that somebody brings: any vector file and CRS, laid into a scene, or refused in one line."""

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS

from fixtures.scene_files import utm_grid
from minenetcd.errors import GridError, OptionError
from minenetcd.geo.areas.layers import find_layer
from minenetcd.geo.areas.placed import PlacedPolygons, placed
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.tracing import burn

GRID = utm_grid(120, 160)


def on_grid(left: int, top: int, right: int, bottom: int, grid: Grid = GRID) -> shapely.Polygon:
    """Pixels of `grid` as a polygon in its CRS."""
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return shapely.Polygon([grid.transform @ corner for corner in corners])


def frame(*shapes: shapely.Geometry, **columns: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=GRID.crs.to_wkt())


def kml(shapes: gpd.GeoDataFrame) -> str:
    """As Google Earth writes it."""
    rings = [" ".join(f"{x:.9f},{y:.9f},0" for x, y in each.exterior.coords) for each in shapes.to_crs(4326).geometry]
    places = "".join(
        "<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        f"{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        for ring in rings
    )
    head = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
    return f"{head}<Document><name>areas</name>{places}</Document></kml>"


def burnt(text: str, grid: Grid = GRID) -> np.ndarray:
    polygons = placed(find_layer(text, "--aoi"), grid)
    return PlacedPolygons(polygons.geometry.to_numpy()).inside(grid)


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "shp", "fgb", "parquet", "kml", "zip"])
def test_every_vector_file_is_read(tmp_path: Path, ending: str) -> None:
    shapes = frame(on_grid(20, 30, 90, 70), on_grid(100, 80, 110, 90))
    path = tmp_path / f"areas.{ending}"
    if ending == "parquet":
        shapes.to_parquet(path)
    elif ending == "kml":
        path.write_text(kml(shapes))
    elif ending == "zip":
        shapes.to_file(tmp_path / "inside.shp")
        with zipfile.ZipFile(path, "w") as archive:
            for part in tmp_path.glob("inside.*"):
                archive.write(part, part.name)
    else:
        (shapes.to_crs(4326) if ending == "geojson" else shapes).to_file(path)
    wanted = np.zeros(GRID.shape, bool)
    wanted[30:70, 20:90] = wanted[80:90, 100:110] = True
    assert (burnt(str(path)) == wanted).all()


def test_long_edges_bend_with_the_projection(tmp_path: Path) -> None:
    """A parallel is no straight line in UTM: over 6 degrees it bends by kilometres."""
    grid = utm_grid(100, 4000, left=300_000, top=5_000_000, metres=100)
    longitude, latitude = grid.to_degrees(*(np.array([value]) for value in (500_000.0, 4_995_000.0)))
    half = shapely.box(longitude[0] - 6, latitude[0], longitude[0] + 6, latitude[0] + 3)
    path = tmp_path / "north.geojson"
    gpd.GeoDataFrame(geometry=[half], crs=4326).to_file(path)
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    _, latitudes = grid.to_degrees(*(grid.transform @ (columns, rows)))
    wrong = burnt(str(path), grid) != (latitudes > latitude[0])
    assert wrong.mean() < 1e-4 and (latitudes > latitude[0]).any(axis=0).all()


def test_windows_of_a_scene_are_burnt_as_the_whole(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    shapes = [shapely.Point(GRID.transform @ tuple(place)).buffer(150) for place in random.uniform(0, 120, (40, 2))]
    areas = PlacedPolygons(np.array(shapes, dtype=object))
    whole = burn(shapes, GRID)
    assert (areas.inside(GRID) == whole).all()
    for row in range(0, 120, 40):
        for col in range(0, 160, 32):
            assert (areas.inside(GRID.window(row, col, 40, 32)) == whole[row : row + 40, col : col + 32]).all()


def test_a_country_far_larger_than_the_scene_covers_it(tmp_path: Path) -> None:
    path = tmp_path / "world.geojson"
    gpd.GeoDataFrame(geometry=[shapely.box(-180, -90, 180, 90)], crs=4326).to_file(path)
    assert burnt(str(path)).all()


def test_the_date_line_is_no_border(tmp_path: Path) -> None:
    grid = Grid(40, 80, Affine(0.01, 0, 179.6, 0, -0.01, 10.0), CRS.from_epsg(4326))  # to 180.4
    path = tmp_path / "islands.geojson"
    shapes = [shapely.box(179.7, 9.8, 180, 9.9), shapely.box(-180, 9.8, -179.8, 9.9)]
    gpd.GeoDataFrame(geometry=shapes, crs=4326).to_file(path)
    inside = burnt(str(path), grid)
    assert inside[10:20, 10:60].all() and inside.sum() == 500
    utm = Grid(50, 60, Affine(1000, 0, 810_000, 0, -1000, 1_130_000), CRS.from_epsg(32660))  # crosses 180
    gpd.GeoDataFrame(geometry=[shapely.box(-180, 5, -175, 15)], crs=4326).to_file(path)
    columns, rows = np.meshgrid(np.arange(60) + 0.5, np.arange(50) + 0.5)
    longitudes, _ = utm.to_degrees(*(utm.transform @ (columns, rows)))
    assert 0 < (longitudes < 0).sum() < longitudes.size and ((longitudes < 0) == burnt(str(path), utm)).all()


def test_what_is_faulty_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "areas.gpkg"
    corners = [GRID.transform @ corner for corner in ((20, 20), (60, 60), (60, 20), (20, 60))]
    frame(shapely.Polygon(corners), shapely.Polygon()).to_file(path)  # crosses itself, and is empty
    inside = burnt(str(path))
    assert 700 < inside.sum() < 900 and inside[40, 25] and inside[40, 55] and not inside[25, 40]


def test_a_layer_is_named_where_there_are_several(tmp_path: Path) -> None:
    path = tmp_path / "areas.gpkg"
    for name, place in (("north", 10), ("south", 60)):
        frame(on_grid(10, place, 30, place + 20)).to_file(path, layer=name)
    with pytest.raises(OptionError, match=r"One layer is needed \(--aoi\), .* holds 2 \(north, south\): name it, e\.g"):
        find_layer(str(path), "--aoi")
    with pytest.raises(OptionError, match="has no layer 'east'"):
        find_layer(f"{path}:east", "--aoi")
    inside = burnt(f"{path}:south")
    assert inside[60:80, 10:30].all() and inside.sum() == 400


def test_what_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    def refused(name: str, said: str) -> None:
        with pytest.raises(OptionError, match=said) as error:
            placed(find_layer(str(tmp_path / name), "--leases"), GRID)
        assert "\n" not in str(error.value) and "--leases" in str(error.value)

    refused("missing.gpkg", "there is no file")
    frame(on_grid(0, 0, 10, 10)).iloc[:0].to_file(tmp_path / "empty.gpkg")
    refused("empty.gpkg", "it holds none")
    frame(on_grid(0, 0, 10, 10).centroid).to_file(tmp_path / "points.gpkg")
    refused("points.gpkg", "it holds Point")
    frame(on_grid(0, 0, 10, 10), on_grid(0, 0, 10, 10).exterior).to_crs(4326).to_file(tmp_path / "mixed.geojson")
    refused("mixed.geojson", "it holds LineString")
    frame(on_grid(0, 0, 10, 10)).to_file(tmp_path / "bare.shp")
    (tmp_path / "bare.prj").unlink()
    refused("bare.shp", "names none: state it")
    (tmp_path / "text.gpkg").write_text("nothing")
    refused("text.gpkg", "cannot be read as polygons")
    (tmp_path / "far.geojson").write_text("<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>")
    refused("far.geojson", "describes others")


def test_what_misses_the_scene_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.geojson"
    gpd.GeoDataFrame(geometry=[shapely.box(10, 10, 11, 11)], crs=4326).to_file(path)
    with pytest.raises(
        GridError, match=r"needs polygons in the scene, which covers 13\.\d+ .* it has x 10 to 11, y 10"
    ):
        placed(find_layer(str(path), "--aoi"), GRID)


@pytest.mark.parametrize(("crs", "latitudes"), [("EPSG:3413", (80, 90)), ("EPSG:3031", (-90, -80))])
def test_an_area_around_a_pole_covers_it(tmp_path: Path, crs: str, latitudes: tuple[int, int]) -> None:
    grid = Grid(100, 100, Affine.translation(-50_000, 50_000) @ Affine.scale(1000, -1000), CRS.from_string(crs))
    cap = gpd.GeoDataFrame(geometry=[shapely.box(-180, latitudes[0], 180, latitudes[1])], crs=4326)
    cap.to_file(tmp_path / "cap.gpkg")
    assert burnt(str(tmp_path / "cap.gpkg"), grid).mean() > 0.99


def test_corners_that_are_nowhere_are_one_line(tmp_path: Path) -> None:
    corners = list(on_grid(20, 30, 90, 70).exterior.coords)
    frame(shapely.Polygon([corners[0], (np.inf, corners[1][1]), *corners[2:-1]])).to_file(tmp_path / "inf.gpkg")
    with pytest.raises(OptionError, match=r"inf.gpkg cannot be read as polygons \("):
        burnt(str(tmp_path / "inf.gpkg"))


def test_a_layer_may_have_a_colon_in_its_name_and_a_file_end_as_geoparquet(tmp_path: Path) -> None:
    shapes = frame(on_grid(20, 30, 90, 70))
    for layer in ("a:b", "c"):
        shapes.to_file(tmp_path / "two.gpkg", layer=layer)
    shapes.to_parquet(tmp_path / "one.geoparquet")
    expected = burn(shapes.geometry, GRID)
    for name in ("two.gpkg:a:b", "one.geoparquet"):
        np.testing.assert_array_equal(burnt(str(tmp_path / name)), expected)
