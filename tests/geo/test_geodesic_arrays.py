"""Measures of many polygons at once are those of each by itself."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.polygon import orient

from geo.conftest import MakeGrid
from minenetcd.geo.grid import WGS84
from minenetcd.geo.polygons.ellipsoid import ring_areas, ring_lengths, zone_area
from minenetcd.geo.polygons.hectares import LONGEST_EDGE_METRES, geodesic_hectares
from minenetcd.geo.polygons.tracing import change_polygons


def one_by_one(geometry: shapely.Geometry) -> tuple[float, float]:
    """Area [m2] and length of edges [m] of a (multi)polygon in degrees, by pyproj's own reading of polygons."""
    parts = [orient(part) for part in shapely.get_parts(geometry)]
    outer = [WGS84.geometry_area_perimeter(part) for part in parts]
    inner = [WGS84.geometry_length(ring) for part in parts for ring in part.interiors]
    return sum(area for area, _ in outer), sum(length for _, length in outer) + sum(inner)


def area_of_triangles(geometry: shapely.Geometry) -> float:
    """Area [m2] of a (multi)polygon in degrees on the authalic sphere, in long doubles.

    Each ring is a fan of triangles, whose excess is that of van Oosterom and Strackee (1983).
    """
    polar = zone_area(np.array(1.0))
    area = np.longdouble(0)
    for part in shapely.get_parts(geometry):
        for sign, ring in ((1, part.exterior), *((-1, hole) for hole in part.interiors)):
            longitude, latitude = np.radians(np.array(ring.coords, np.longdouble).T)
            e, sine = np.sqrt(np.longdouble(WGS84.es)), np.sin(latitude)
            zone = WGS84.b**2 / 2 * (sine / (1 - WGS84.es * sine**2) + np.arctanh(e * sine) / e)
            authalic = np.arcsin(zone / polar)
            across = np.cos(authalic)
            place = np.stack([across * np.cos(longitude), across * np.sin(longitude), np.sin(authalic)], axis=1)
            one, to_b, to_c = place[0], place[1:-1] - place[0], place[2:] - place[0]
            volume = (one * np.cross(to_b, to_c)).sum(axis=1)
            cosines = (place[1:-1] @ one) + (place[1:-1] * place[2:]).sum(axis=1) + place[2:] @ one
            area += sign * abs(np.sum(2 * np.arctan2(volume, 1 + cosines))) * polar
    return float(area)


def test_measures_equal_those_of_each_polygon(utm: MakeGrid) -> None:
    mask = np.random.default_rng(3).random((120, 150)) < 0.55  # many with holes, some of several parts
    frame = change_polygons(mask, utm(120, 150))
    in_degrees = frame.geometry.segmentize(LONGEST_EDGE_METRES).to_crs("EPSG:4326")
    expected = np.array([one_by_one(geometry) for geometry in in_degrees])
    assert shapely.get_num_interior_rings(shapely.get_parts(frame.geometry.array)).max() > 5
    np.testing.assert_allclose(frame["area_ha"] * 10_000, expected[:, 0], rtol=1e-7)  # as exactly as pyproj has them
    exact = [area_of_triangles(geometry) for geometry in in_degrees]
    np.testing.assert_allclose(frame["area_ha"] * 10_000, exact, rtol=1e-9)
    np.testing.assert_allclose(frame["perimeter_m"], expected[:, 1], rtol=1e-9)


@given(latitude=st.floats(-89.9, 89.9), longitude=st.floats(-180, 180), seed=st.integers(0, 2**31))
def test_rings_are_as_large_and_as_long_as_geodesics_say(latitude: float, longitude: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(3, 9))
    azimuths, metres = np.sort(random.uniform(0, 360, count)), random.uniform(300, 500, count)
    around, along, _ = WGS84.fwd(np.full(count, longitude), np.full(count, latitude), azimuths, metres)
    ring = np.append(around, around[0]), np.append(along, along[0])
    area, length = WGS84.polygon_area_perimeter(*ring)
    counts = np.array([count + 1] * 2)
    twice = np.concatenate([ring[0]] * 2), np.concatenate([ring[1]] * 2)
    np.testing.assert_allclose(ring_areas(*twice, counts), abs(area), atol=0.2)  # of some 100,000 m2
    np.testing.assert_allclose(ring_lengths(*twice, counts), length, rtol=1e-9)


def test_a_square_metre_is_one() -> None:
    metre = 1 / (WGS84.a * np.pi / 180), 1 / (WGS84.a * (1 - WGS84.es) * np.pi / 180)  # degrees, on the equator
    square = np.array([0, 0, metre[0], metre[0], 0]) + 33, np.array([0, metre[1], metre[1], 0, 0])
    assert ring_areas(*square, np.array([5]))[0] == pytest.approx(1, rel=1e-8)


def test_rings_around_the_poles_enclose_what_lies_there() -> None:
    around = np.append(np.arange(0, 360, 0.001), 0.0)
    for latitude in (80.0, -80.0):
        ring = around, np.full(len(around), latitude)
        cap, _ = WGS84.polygon_area_perimeter(*ring)
        assert ring_areas(*ring, np.array([len(around)]))[0] == pytest.approx(abs(cap), rel=1e-8)


@pytest.mark.parametrize("around", [179.9, -179.9])
def test_a_polygon_across_the_date_line_is_as_large_as_elsewhere(around: float) -> None:
    box = shapely.box(-0.05, 10, 0.05, 10.1)
    moved = shapely.transform(box, lambda xy: np.stack([(xy[:, 0] + around + 180) % 360 - 180, xy[:, 1]], axis=1))
    assert geodesic_hectares(moved, "EPSG:4326") == pytest.approx(geodesic_hectares(box, "EPSG:4326"), rel=1e-6)
