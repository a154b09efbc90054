"""How far what changed lies from the nearest known mine.

The nearest points are found in an azimuthal equidistant plane around the scene's middle, in which distances within 300
km of it are true to 0.04 %, and what lies between them is measured as a geodesic on the WGS 84 ellipsoid.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from geopandas import GeoSeries
from numpy.typing import NDArray
from pyproj import CRS

from minenetcd.constants import DEGREES
from minenetcd.errors import GridError
from minenetcd.geo.areas.layers import PolygonLayer, polygons_of
from minenetcd.geo.grid import WGS84, Grid, transformer

#: Edges are divided before they go to the plane: a straight edge of a degree bends there by tens of metres. [deg, m]
_LONGEST_EDGE = {True: 0.01, False: 1_000.0}


@dataclass(frozen=True)
class KnownMines:
    """Mines in the plane around (`longitude`, `latitude`): all that can be the nearest to a place in the scene."""

    longitude: float
    latitude: float
    geometries: NDArray[np.object_]

    @classmethod
    def read(cls, layer: PolygonLayer, grid: Grid) -> "KnownMines":
        """Of all in `layer`. GridError where none has a place in the plane around `grid`."""
        bounds = grid.bounds_degrees
        longitude, latitude = float(bounds.left + bounds.right) / 2, float(bounds.bottom + bounds.top) / 2
        plane = _plane(longitude, latitude)
        scene = shapely.Polygon(np.column_stack(transformer(grid.wkt(), plane)(*grid.outline())))
        geometries = np.array(layer.read().geometry.array, dtype=object)
        geometries = geometries[~shapely.intersects(geometries, _antipode(longitude, latitude, layer.crs))]
        boxes = _moved(_boxes_around(geometries), layer.crs, plane)
        near = geometries[_may_be_nearest(boxes, scene)]
        if not len(near):
            raise GridError(
                f"{layer.text} ({layer.option}) needs mines on this side of the Earth, it has none: name another file, "
                "or correct its CRS."
            )
        longest = _LONGEST_EDGE[bool(layer.crs.is_geographic)]
        return cls(longitude, latitude, polygons_of(_moved(shapely.segmentize(near, longest), layer.crs, plane)))

    def metres_to(self, polygons: GeoSeries) -> NDArray[np.float64]:
        """From each of `polygons` to the nearest; 0 where it touches one."""
        if not len(polygons):
            return np.zeros(0)
        plane = _plane(self.longitude, self.latitude)
        places = _moved(np.array(polygons.array, dtype=object), polygons.crs, plane)
        of_polygon, of_mine = shapely.STRtree(self.geometries).query_nearest(places, all_matches=False)
        lines = shapely.shortest_line(places[of_polygon], self.geometries[of_mine])
        ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
        longitude, latitude = transformer(plane, DEGREES)(*ends.reshape(-1, 2).T)
        start, end = ((longitude.reshape(-1, 2)[:, side], latitude.reshape(-1, 2)[:, side]) for side in (0, 1))
        metres = np.asarray(WGS84.inv(*start, *end)[2])
        found = np.zeros(len(polygons))
        found[of_polygon] = np.where(shapely.distance(places[of_polygon], self.geometries[of_mine]) == 0, 0.0, metres)
        return found


def _antipode(longitude: float, latitude: float, crs: CRS) -> shapely.Point:
    """Around it, a polygon has no inside in the plane."""
    x, y = transformer(DEGREES, crs.to_wkt())(np.array([(longitude + 360) % 360 - 180]), np.array([-latitude]))
    return shapely.Point(x[0], y[0]) if np.isfinite([x[0], y[0]]).all() else shapely.Point()


def _plane(longitude: float, latitude: float) -> str:
    return f"+proj=aeqd +lat_0={latitude!r} +lon_0={longitude!r} +datum=WGS84 +units=m +type=crs"


def _moved(geometries: NDArray[np.object_], crs: CRS, plane: str) -> NDArray[np.object_]:
    move = transformer(crs.to_wkt(), plane)
    moved: NDArray[np.object_] = shapely.transform(geometries, lambda points: np.column_stack(move(*points.T)))
    return moved


def _boxes_around(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Upright boxes, with some points along their edges: a world of mines has millions of its own."""
    bounds = shapely.bounds(geometries)
    sides = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    boxes: NDArray[np.object_] = shapely.segmentize(shapely.box(*bounds.T), np.maximum(sides / 4, 1e-9))
    return boxes


def _may_be_nearest(boxes: NDArray[np.object_], scene: shapely.Polygon) -> NDArray[np.intp]:
    """Places of those that can be the nearest to some place in `scene`, by the `boxes` around them.

    They begin no farther than the farthest end of the box that begins nearest, and the diameter of the scene.
    """
    low_x, low_y, high_x, high_y = shapely.bounds(boxes).T
    left, bottom, right, top = scene.bounds
    aside = np.maximum(0, np.maximum(low_x - right, left - high_x))
    below = np.maximum(0, np.maximum(low_y - top, bottom - high_y))
    least = np.hypot(aside, below)
    least[~np.isfinite(least)] = np.inf
    candidates = np.flatnonzero(np.isfinite(least))
    if not len(candidates):
        return candidates
    first = candidates[np.argmin(least[candidates])]
    longest = np.hypot(high_x[first] - low_x[first], high_y[first] - low_y[first])
    most = least[first] + longest + 2 * np.hypot(right - left, top - bottom)
    return np.flatnonzero(least <= most)
