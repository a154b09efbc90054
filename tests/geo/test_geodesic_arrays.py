"""Measures of many polygons at once are those of each by itself."""

import numpy as np
import pytest
import shapely
from shapely.geometry.polygon import orient

from geo.conftest import MakeGrid
from minenetcd.geo.grid import WGS84
from minenetcd.geo.vector import LONGEST_EDGE_METRES, change_polygons, geodesic_hectares


def one_by_one(geometry: shapely.Geometry) -> tuple[float, float]:
    """Area [m2] and length of edges [m] of a (multi)polygon in degrees, by pyproj's own reading of polygons."""
    parts = [orient(part) for part in shapely.get_parts(geometry)]
    outer = [WGS84.geometry_area_perimeter(part) for part in parts]
    inner = [WGS84.geometry_length(ring) for part in parts for ring in part.interiors]
    return sum(area for area, _ in outer), sum(length for _, length in outer) + sum(inner)


def test_measures_equal_those_of_each_polygon(utm: MakeGrid) -> None:
    mask = np.random.default_rng(3).random((120, 150)) < 0.55  # many with holes, some of several parts
    frame = change_polygons(mask, utm(120, 150))
    in_degrees = frame.geometry.segmentize(LONGEST_EDGE_METRES).to_crs("EPSG:4326")
    expected = np.array([one_by_one(geometry) for geometry in in_degrees])
    assert shapely.get_num_interior_rings(shapely.get_parts(frame.geometry.array)).max() > 5
    np.testing.assert_allclose(frame["area_ha"] * 10_000, expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose(frame["perimeter_m"], expected[:, 1], rtol=1e-9)


@pytest.mark.parametrize("around", [179.9, -179.9])
def test_a_polygon_across_the_date_line_is_as_large_as_elsewhere(around: float) -> None:
    box = shapely.box(-0.05, 10, 0.05, 10.1)
    moved = shapely.transform(box, lambda xy: np.stack([(xy[:, 0] + around + 180) % 360 - 180, xy[:, 1]], axis=1))
    assert geodesic_hectares(moved, "EPSG:4326") == pytest.approx(geodesic_hectares(box, "EPSG:4326"), rel=1e-6)
