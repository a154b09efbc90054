import math

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.warp import transform as warp_points
from rasterio.windows import Window

from minenetcd.errors import GridError, OptionError
from minenetcd.geo.grid import WGS84, Grid

PICTURE = Grid(17, 23, Affine.identity(), None)


def grid_at(epsg: int, longitude: float, latitude: float, *, pixel: float, side: int = 100) -> Grid:
    (x,), (y,) = warp_points("EPSG:4326", f"EPSG:{epsg}", [longitude], [latitude])
    corner = Affine(pixel, 0, x - pixel * side / 2, 0, -pixel, y + pixel * side / 2)
    return Grid(side, side, corner, CRS.from_epsg(epsg))


def test_web_mercator_metres_shrink_with_latitude() -> None:
    x, y = grid_at(3857, 15, 60, pixel=10).metres_per_pixel
    assert x == pytest.approx(5.0126, abs=1e-3)  # 10 cos(60 deg) times N(60 deg) / a
    assert y == pytest.approx(10 * 6_367_381.8 * math.cos(math.radians(60)) / 6_378_137, abs=2e-2)


def test_feet_are_no_metres() -> None:
    grid = grid_at(2263, -74, 40.7, pixel=3)  # New York Long Island, US survey feet
    assert grid.metres_per_pixel == pytest.approx((0.9144, 0.9144), rel=1e-3)
    assert grid.resampled(0.9144).matches(grid) is False  # 0.9144018 m: a survey foot is not quite 0.3048 m
    assert grid.resampled(3 * 1200 / 3937).matches(grid)


def test_utm_metres_follow_the_scale_factor() -> None:
    assert grid_at(32633, 15, 50, pixel=10).metres_per_pixel == pytest.approx((10 / 0.9996,) * 2, rel=1e-7)


@pytest.mark.parametrize("latitude", [-70, 0, 24, 51])
def test_degrees_measure_on_the_ellipsoid(latitude: float) -> None:
    grid = grid_at(4326, 81, latitude, pixel=1e-4)
    east = WGS84.inv(81, latitude, 81 + 1e-4, latitude)[2]
    north = WGS84.inv(81, latitude - 5e-5, 81, latitude + 5e-5)[2]
    assert grid.metres_per_pixel == pytest.approx((east, north), rel=1e-6)
    assert grid.pixel_hectares == pytest.approx(east * north / 1e4, rel=1e-6)


def test_a_rotated_pixel_keeps_its_lengths_and_area() -> None:
    upright = grid_at(32633, 15, 50, pixel=10)
    turned = Grid(100, 100, upright.transform @ Affine.rotation(30), upright.crs)
    assert turned.metres_per_pixel == pytest.approx(upright.metres_per_pixel, rel=1e-5)
    assert turned.pixel_hectares == pytest.approx(upright.pixel_hectares, rel=1e-5)
    assert turned.bounds.right - turned.bounds.left == pytest.approx(1000 * (math.cos(math.pi / 6) + 0.5))


def test_a_picture_has_pixels_but_no_metres() -> None:
    assert PICTURE.shape == (17, 23)
    assert PICTURE.bounds == (0, 0, 23, 17)
    assert not PICTURE.is_georeferenced
    for attribute in ("metres_per_pixel", "pixel_hectares", "bounds_degrees"):
        with pytest.raises(GridError, match="need a georeferenced image"):
            getattr(PICTURE, attribute)
    with pytest.raises(OptionError, match="leave --gsd out"):
        PICTURE.resampled(10)


@pytest.mark.parametrize("metres", [0, -1, math.nan, math.inf])
def test_gsd_must_be_positive(metres: float) -> None:
    with pytest.raises(OptionError, match="must be a positive number"):
        grid_at(32633, 15, 50, pixel=10).resampled(metres)


def test_gsd_is_not_far_finer_than_the_image() -> None:
    grid = grid_at(32633, 15, 50, pixel=10)
    with pytest.raises(OptionError, match=r"at most 200 times finer .* \(10 m\) .* got 0\.0001 m: try 10"):
        grid.resampled(0.0001)
    assert grid.resampled(0.1).shape == (100 * grid.height, 100 * grid.width)


def test_window_is_the_grid_of_a_part() -> None:
    grid = grid_at(32633, 15, 50, pixel=10)
    part = grid.window(3, 7, 20, 30)
    assert part.shape == (20, 30)
    assert part.transform @ (0, 0) == pytest.approx(grid.transform @ (7, 3))


@pytest.mark.parametrize(
    "window", [Window(-1, 0, 5, 5), Window(0, 0, 24, 17), Window(0, 0, 0, 5), Window(0.5, 0, 5, 5), Window(20, 0, 4, 4)]
)
def test_a_window_beyond_the_grid_is_refused(window: Window) -> None:
    with pytest.raises(GridError, match="clip it to the grid"):
        PICTURE.check_inside(window)


def test_asking_for_its_own_resolution_returns_the_same_grid() -> None:
    grid = grid_at(32633, 18, 50, pixel=10)
    assert grid.metres_per_pixel[0] != pytest.approx(10, rel=1e-5)
    assert grid.resampled(10).matches(grid)


@given(
    pixel=st.floats(0.3, 40),
    metres=st.floats(0.3, 200),
    side=st.integers(16, 3000),
    epsg=st.sampled_from([32633, 3857]),
)
def test_resampled_covers_the_extent_with_less_than_a_pixel_more(
    pixel: float, metres: float, side: int, epsg: int
) -> None:
    grid = grid_at(epsg, 15, 48, pixel=pixel, side=side)
    finer = grid.resampled(metres)
    assert finer.bounds.left == pytest.approx(grid.bounds.left)
    assert finer.bounds.top == pytest.approx(grid.bounds.top)
    step = finer.transform.a
    assert -1e-5 * step * finer.width <= finer.bounds.right - grid.bounds.right < step * (1 + 1e-5)
    assert finer.metres_per_pixel == pytest.approx((metres, metres), rel=0.006 + side * pixel / 6.4e6)


def test_degrees_resample_to_square_metres() -> None:
    grid = grid_at(4326, 81, 24.4, pixel=9e-5)
    square = grid.resampled(10)
    assert square.metres_per_pixel == pytest.approx((10, 10), rel=1e-4)
    assert square.transform.a > -square.transform.e  # a degree of longitude is the shorter one


def test_matches_tolerates_rounding_but_no_shift() -> None:
    grid = grid_at(4326, 81, 24, pixel=1e-4)
    rounded = Grid(100, 100, Affine(*(float(np.float64(f"{v:.12g}")) for v in grid.transform[:6])), grid.crs)
    shifted = Grid(100, 100, grid.transform @ Affine.translation(0.01, 0), grid.crs)
    assert grid.matches(rounded)
    assert not grid.matches(shifted)
    assert not grid.matches(Grid(100, 100, grid.transform, CRS.from_epsg(32633)))


@pytest.mark.parametrize(
    ("shape", "side", "expected"), [((100, 50), 10, (10, 5)), ((7, 9), 64, (7, 9)), ((1, 900), 9, (1, 9))]
)
def test_decimated_keeps_the_extent(shape: tuple[int, int], side: int, expected: tuple[int, int]) -> None:
    grid = Grid(*shape, Affine(2, 0, 5, 0, -2, 9), CRS.from_epsg(32633))
    small = grid.decimated(side)
    assert small.shape == expected
    assert small.bounds == pytest.approx(grid.bounds)
