"""Pixels of a result on the map of a browser, and back."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS

from fixtures.scene_files import utm_grid
from minenetcd.geo.grid import Grid, Plane
from minenetcd.web.results.placement import Placement, Tile

PICTURE = Grid(300, 400, Affine.identity(), None)
PLANE = Grid(300, 400, Affine(0.5, 0, 1000, 0, -0.5, 2000), None, Plane())
FIJI = utm_grid(900, 900, left=812_000, top=8_030_000, crs=CRS.from_epsg(32760))
ARCTIC = Grid(2000, 2000, Affine(1000, 0, -1_000_000, 0, -1000, 1_000_000), CRS.from_epsg(3413))
GRIDS = {
    "utm": utm_grid(300, 400),
    "degrees": Grid(300, 400, Affine(1e-4, 0, 14, 0, -1e-4, -24), CRS.from_epsg(4326)),
    "picture": PICTURE,
    "plane": PLANE,
    "fiji": FIJI,
}


@pytest.mark.parametrize("name", GRIDS)
@given(column=st.floats(0, 400), row=st.floats(0, 300))
def test_a_pixel_is_found_again(name: str, column: float, row: float) -> None:
    placement = Placement(GRIDS[name])
    found = placement.to_pixels(*placement.to_degrees(np.array([column]), np.array([row])))
    np.testing.assert_allclose(np.ravel(found), [column, row], atol=1e-3)


@pytest.mark.parametrize("name", GRIDS)
def test_geometries_come_back_to_the_grid(name: str) -> None:
    placement = Placement(GRIDS[name])
    transform = GRIDS[name].transform
    corners = [transform @ corner for corner in ((10, 10), (60, 10), (60, 40), (10, 40))]
    polygon = np.array([shapely.Polygon(corners)], dtype=object)
    degrees = placement.geometries_to_degrees(polygon)
    west, south, east, north = placement.bounds
    assert shapely.box(west, south, east, north).buffer(1e-9).contains(degrees[0])
    back = placement.geometries_to_grid(degrees)[0]
    assert back.symmetric_difference(polygon[0]).area < 1e-6 * polygon[0].area


def test_a_picture_lies_at_zero_a_metre_a_pixel() -> None:
    longitude, latitude = Placement(PICTURE).to_degrees(np.array([0.0, 400.0]), np.array([0.0, 300.0]))
    metres = 20_037_508.342789244 / 180
    np.testing.assert_allclose(longitude, [0, 400 / metres], atol=1e-12)
    np.testing.assert_allclose(latitude, [0, -300 / metres], rtol=1e-6)


@pytest.mark.parametrize(("grid", "bounds"), [(FIJI, (179.9, 180.1)), (ARCTIC, (-180, 180))])
def test_bounds_hold_at_the_date_line_and_the_pole(grid: Grid, bounds: tuple[float, float]) -> None:
    found = Placement(grid).bounds
    assert (found.west, found.east) == pytest.approx(bounds, abs=0.1)
    assert -85.06 < found.south < found.north < 85.06


@pytest.mark.parametrize("name", GRIDS)
def test_tiles_cover_the_grid_and_nothing_else(name: str) -> None:
    placement = Placement(GRIDS[name])
    for zoom in (placement.minzoom, placement.maxzoom):
        tiles = list(placement.tiles(zoom))
        assert len(tiles) == len(set(tiles)) and all(tile.exists for tile in tiles)
        columns, rows = np.meshgrid(np.linspace(1, 399, 9), np.linspace(1, 299, 9))
        longitude, latitude = placement.to_degrees(columns.ravel(), rows.ravel())
        covered = np.zeros(longitude.shape, bool)
        for tile in tiles:
            box = tile.grid.bounds_degrees
            inside = (latitude >= box.bottom) & (latitude <= box.top)
            covered |= inside & np.any(
                [(longitude + turn >= box.left) & (longitude + turn <= box.right) for turn in (0, 360, -360)], axis=0
            )
        assert covered.all()


def test_the_deepest_zoom_leaves_out_no_pixel() -> None:
    placement = Placement(utm_grid(300, 400, metres=10))
    tile = next(placement.tiles(placement.maxzoom))
    assert 5 <= tile.grid.metres_per_pixel[0] <= 10


@pytest.mark.parametrize("address", [(-1, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (60, 0, 0)])
def test_a_tile_that_the_map_has_not_does_not_exist(address: tuple[int, int, int]) -> None:
    assert not Tile(*address).exists
