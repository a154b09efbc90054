import math
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rasterio.crs import CRS
from rasterio.windows import Window
from scipy import ndimage

from minenetcd.errors import GridError, OptionError, OutputError, SizeError
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.hectares import changed_hectares, geodesic_hectares
from minenetcd.geo.polygons.tracing import burn, change_polygons
from minenetcd.geo.polygons.vector_files import write_vector
from minenetcd.geo.raster import RasterWriter

UTM = Grid(24, 31, Affine(10, 0, 400_000, 0, -10, 5_600_000), CRS.from_epsg(32633))
DEGREES = Grid(24, 31, Affine(1e-4, 0, 81.4, 0, -1e-4, 24.38), CRS.from_epsg(4326))
MERCATOR = Grid(24, 31, Affine(15, 0, 1_600_000, 0, -15, 8_400_000), CRS.from_epsg(3857))
TURNED = Grid(24, 31, Affine(10, 0, 400_000, 0, -10, 5_600_000) @ Affine.rotation(25), CRS.from_epsg(32633))
PICTURE = Grid(24, 31, Affine.identity(), None)
EVERY_GRID = [UTM, DEGREES, MERCATOR, TURNED, PICTURE]

masks = arrays(np.bool_, (24, 31), elements=st.booleans())


@given(mask=masks, grid=st.sampled_from(EVERY_GRID), connectivity=st.sampled_from([4, 8]))
@settings(max_examples=60, deadline=None)
def test_polygons_burn_back_to_the_mask(mask: np.ndarray, grid: Grid, connectivity: int) -> None:
    frame = change_polygons(mask, grid, connectivity=connectivity)
    assert frame.is_valid.all()
    assert np.array_equal(burn(frame, grid), mask)
    pixel = abs(grid.transform.determinant)
    assert shapely.area(frame.geometry.array).sum() == pytest.approx(mask.sum() * pixel)
    if grid.is_georeferenced:
        assert changed_hectares(mask, grid) == pytest.approx(frame.area_ha.sum(), rel=1e-3)


def test_noise_whose_pixels_meet_at_corners_is_traced_soon() -> None:
    mask = np.random.default_rng(0).random((300, 400)) < 0.5
    grid = replace(UTM, height=300, width=400)
    frame = change_polygons(mask, grid)
    _, count = ndimage.label(mask, structure=np.ones((3, 3)))
    assert len(frame) == count and frame.is_valid.all()
    assert frame.geometry.area[0] > 0.9 * mask.sum() * 100  # [m2]: one of it holds nearly all
    assert np.array_equal(burn(frame, grid), mask)


def test_values_that_meet_at_corners_are_joined_each_by_itself() -> None:
    classes = np.zeros(UTM.shape, dtype=np.uint8)
    classes[4:6, 4:6], classes[6:8, 6:8], classes[4:6, 6:8], classes[6:8, 4:6] = 1, 1, 2, 2
    frame = change_polygons(classes, UTM)
    assert frame.geom_type.tolist() == ["MultiPolygon"] * 2 and frame.area.tolist() == [800, 800]


def test_corners_join_with_eight_neighbours_only() -> None:
    mask = np.zeros(UTM.shape, dtype=bool)
    mask[2:5, 2:5] = mask[5:7, 5:7] = True
    assert len(change_polygons(mask, UTM)) == 1
    assert change_polygons(mask, UTM, connectivity=4).id.tolist() == [1, 2]


def test_columns_are_measured_on_the_ellipsoid_and_sorted() -> None:
    mask = np.zeros(UTM.shape, dtype=bool)
    mask[1:3, 1:3] = True  # 0.04 ha
    mask[10:20, 10:20] = True
    mask[13:17, 13:17] = False  # 1 ha less a hole of 0.16 ha
    frame = change_polygons(mask, UTM)
    scale = np.prod(UTM.metres_per_pixel) / 100
    assert list(frame.columns) == ["id", "area_ha", "perimeter_m", "geometry"]
    assert frame.id.tolist() == [1, 2]
    assert frame.area_ha.tolist() == pytest.approx([0.84 * scale, 0.04 * scale], rel=1e-5)
    assert frame.perimeter_m.tolist() == pytest.approx([560 * scale**0.5, 80 * scale**0.5], rel=1e-5)
    assert frame.crs == "EPSG:32633"
    assert len(frame.geometry[0].interiors) == 1


def test_a_picture_counts_pixels_downward() -> None:
    mask = np.zeros(PICTURE.shape, dtype=bool)
    mask[20:22, 3:7] = True
    frame = change_polygons(mask, PICTURE)
    assert frame.crs is None
    assert frame.drop(columns="geometry").to_dict("records") == [{"id": 1, "area_px": 8.0, "perimeter_px": 12.0}]
    assert frame.total_bounds.tolist() == [3, 20, 7, 22]


def test_values_and_nodata_of_a_written_raster(tmp_path: Path) -> None:
    classes = np.zeros(UTM.shape, dtype=np.uint8)
    classes[2:6, 2:6], classes[2:6, 6:8], classes[20:, :] = 1, 2, 255
    path = tmp_path / "classes.tif"
    with RasterWriter(path, UTM, dtype="uint8", nodata=255) as writer:
        writer.write(classes, Window(0, 0, 31, 24))
    assert change_polygons(path, UTM).area.tolist() == [1600, 800]
    assert change_polygons(path, UTM, value=2).area.tolist() == [800]
    with rasterio.open(path) as dataset:
        assert change_polygons(dataset, UTM).equals(change_polygons(path, UTM))


def test_no_change_gives_an_empty_frame_with_its_columns() -> None:
    frame = change_polygons(np.zeros(UTM.shape, dtype=bool), UTM)
    assert len(frame) == 0
    assert list(frame.columns) == ["id", "area_ha", "perimeter_m", "geometry"]
    assert frame.crs == "EPSG:32633"
    assert not burn(frame, UTM).any()


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(SizeError, match=r"\(24, 31\) is needed for this grid, got \(24, 30\)"):
        change_polygons(np.zeros((24, 30), dtype=bool), UTM)
    with pytest.raises(SizeError):
        changed_hectares(np.zeros((24, 30), dtype=bool), UTM)


def test_known_areas_and_perimeters() -> None:
    assert geodesic_hectares(shapely.box(0, 0, 1, 1), "EPSG:4326") == pytest.approx(1_230_877.8, rel=1e-4)
    world = Grid(180, 360, Affine(1, 0, -180, 0, -1, 90), CRS.from_epsg(4326))
    surface = 51_006_562_172.4  # of the WGS 84 ellipsoid
    assert changed_hectares(np.ones(world.shape, dtype=bool), world) == pytest.approx(surface, rel=1e-9)
    square = shapely.box(500_000, 5_000_000, 501_000, 5_001_000)
    assert geodesic_hectares(square, "EPSG:32633") == pytest.approx(100 / 0.9996**2, rel=1e-6)
    ring = square.difference(square.centroid.buffer(100, cap_style="square"))
    assert geodesic_hectares(ring, "EPSG:32633") == pytest.approx(96 / 0.9996**2, rel=1e-6)
    mask = np.pad(np.zeros((2, 2), dtype=bool), 4, constant_values=True)
    hundreds = Grid(10, 10, Affine(100, 0, 500_000, 0, -100, 5_001_000), CRS.from_epsg(32633))
    assert list(change_polygons(mask, hundreds)["perimeter_m"]) == pytest.approx([4800 / 0.9996], rel=1e-6)


@pytest.mark.parametrize(
    ("epsg", "transform"),
    [
        (32633, Affine(500, 0, 300_000, 0, -500, 7_000_000)),
        (3857, Affine(700, 0, 1_400_000, 0, -700, 9_500_000)),
        (4326, Affine(0.006, 0, 13, 0, -0.006, 63)),
        (2263, Affine(900, 0, 700_000, 0, -900, 600_000)),
        (32633, Affine(500, 0, 300_000, 0, -500, 7_000_000) @ Affine.rotation(-40)),
    ],
)
def test_wide_scenes_agree_with_their_polygons(epsg: int, transform: Affine) -> None:
    """400 x 350 pixels, up to 245 km wide; changes lie in one corner, where an area at the centre would be wrong."""
    grid = Grid(400, 350, transform, CRS.from_epsg(epsg))
    mask = np.zeros(grid.shape, dtype=bool)
    mask[5:60, 10:90] = mask[350:390, 300:340] = True
    polygons = change_polygons(mask, grid)
    assert changed_hectares(mask, grid) == pytest.approx(polygons.area_ha.sum(), rel=1e-4)


def test_a_picture_has_no_hectares() -> None:
    with pytest.raises(GridError, match="need a georeferenced image"):
        changed_hectares(np.ones(PICTURE.shape, dtype=bool), PICTURE)


def test_burn_reprojects_a_frame() -> None:
    mask = np.zeros(UTM.shape, dtype=bool)
    mask[4:9, 4:20] = True
    elsewhere = change_polygons(mask, UTM).to_crs("EPSG:4326")
    assert np.array_equal(burn(elsewhere, UTM), mask)


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".parquet"])
@pytest.mark.parametrize("grid", [UTM, PICTURE], ids=["utm", "picture"])
def test_vectors_come_back_as_written(tmp_path: Path, ending: str, grid: Grid) -> None:
    mask = np.zeros(grid.shape, dtype=bool)
    mask[2:9, 2:9] = mask[9:12, 9:12] = mask[20, 20] = True
    frame = change_polygons(mask, grid)
    path = tmp_path / f"change{ending}"
    write_vector(frame, path)
    read = gpd.read_parquet(path) if ending == ".parquet" else gpd.read_file(path)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert list(read.columns) == list(frame.columns)
    assert np.allclose(read.drop(columns="geometry"), frame.drop(columns="geometry"))
    if ending == ".geojson" and grid.is_georeferenced:
        assert read.crs == "EPSG:4326"
        assert read.total_bounds[1] == pytest.approx(50.5, abs=0.2)
    if grid.is_georeferenced or ending != ".geojson":  # GeoJSON cannot say that it has no CRS
        assert np.array_equal(burn(read, grid), mask)
    else:
        assert np.array_equal(burn(read.geometry.to_list(), grid), mask)


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".parquet"])
def test_an_empty_frame_keeps_its_schema(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"change{ending}"
    write_vector(change_polygons(np.zeros(UTM.shape, dtype=bool), UTM), path)
    read = gpd.read_parquet(path) if ending == ".parquet" else gpd.read_file(path)
    assert len(read) == 0
    if ending != ".geojson":  # a FeatureCollection without features has nowhere to name its columns
        assert list(read.columns) == ["id", "area_ha", "perimeter_m", "geometry"]
        assert read.crs == "EPSG:32633"


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = change_polygons(np.ones(UTM.shape, dtype=bool), UTM)
    with pytest.raises(OptionError, match=r"written as \.gpkg, \.geojson, .*, got change\.shp"):
        write_vector(frame, tmp_path / "change.shp")
    with pytest.raises(OutputError, match="make it first"):
        write_vector(frame, tmp_path / "absent" / "change.gpkg")
    frame["bad"] = [object()]
    with pytest.raises(Exception, match=r"object"):
        write_vector(frame, tmp_path / "change.parquet")
    assert list(tmp_path.iterdir()) == []


def test_mining_areas_of_interest(real_images: Path) -> None:
    """Real polygons: hectares match an equal-area projection, and the burnt pixels match the polygon."""
    frame = gpd.read_file(real_images / "mines_s2_timeseries/mine_1/baseline_aoi.geojson").to_crs("EPSG:4326")
    geometry = frame.geometry.union_all()
    equal_area = frame.to_crs("EPSG:6933").geometry.union_all().area / 1e4
    assert geodesic_hectares(geometry, frame.crs) == pytest.approx(equal_area, rel=1e-4)
    left, bottom, right, top = frame.total_bounds
    step = (right - left) / 500
    grid = Grid(math.ceil((top - bottom) / step), 500, Affine(step, 0, left, 0, -step, top), CRS.from_epsg(4326))
    assert changed_hectares(burn(frame, grid), grid) == pytest.approx(equal_area, rel=5e-3)
