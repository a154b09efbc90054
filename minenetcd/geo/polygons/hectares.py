"""Hectares and perimeters on the ellipsoid, of polygons and of pixels."""

import math
from typing import Any

import numpy as np
import shapely
from geopandas import GeoSeries
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.io import DatasetReader, DatasetWriter
from shapely.geometry.base import BaseGeometry

from minenetcd.constants import DEGREES
from minenetcd.errors import SizeError
from minenetcd.geo.grid import SQUARE_METRES_PER_HECTARE, Grid, apply, transformer
from minenetcd.geo.polygons.ellipsoid import ring_areas, ring_lengths, zone_area

# Straight edges in a projection bend on the ellipsoid: longer ones are divided before they are measured.
LONGEST_EDGE_METRES = 1_000.0
LONGEST_EDGE_DEGREES = 0.01

AREA_NODE_METRES = 20_000.0  # spacing at which pixel areas are measured; between, they are interpolated
GEOMETRIES_AT_A_TIME = 2**14
ROWS_TIMES_COLUMNS = 2**22  # of a mask, held as float64 at a time


def geodesic_hectares(geometry: BaseGeometry, crs: CRS | str) -> float:
    """Area of a polygon or multipolygon on the WGS 84 ellipsoid [ha], holes subtracted."""
    return float(_geodesic(GeoSeries([geometry], crs=crs))[0][0]) / SQUARE_METRES_PER_HECTARE


def changed_hectares(mask: NDArray[np.bool_], grid: Grid) -> float:
    """Area of the True pixels of `mask` (H, W) on the ellipsoid [ha]; whole pixels are counted.

    Upright degrees: the exact area of a pixel between two parallels, row by row. Any other CRS: the areas of pixels
    on a lattice of at most 20 km, from geodesics across them, interpolated bilinearly (error below 0.01 %, also in
    Web Mercator). SizeError where the shapes differ; GridError for a picture.
    """
    check_shape(mask, grid)
    if grid.crs is not None and grid.crs.is_geographic and grid.transform.is_rectilinear and not grid.transform.b:
        return float(np.count_nonzero(mask, axis=1) @ _row_hectares(grid))
    rows, columns = _nodes(grid)
    areas = grid.hectares_at(*(axis.ravel() for axis in np.meshgrid(columns, rows))).reshape(len(rows), len(columns))
    over_rows, over_columns = _interpolation(rows, grid.height), _interpolation(columns, grid.width)
    step = max(1, ROWS_TIMES_COLUMNS // grid.width)
    total = 0.0
    for start in range(0, grid.height, step):
        part = slice(start, start + step)
        counts = over_rows[part].T @ (mask[part].astype(np.float64) @ over_columns)
        total += float((counts * areas).sum())
    return total


def measures(geometries: GeoSeries, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area [ha] and perimeter [m] of each; in pixels of `grid` where that has no place on Earth."""
    if not grid.is_georeferenced:
        in_pixels = shapely.transform(
            geometries.array, lambda points: np.column_stack(apply(~grid.transform, *points.T))
        )
        return shapely.area(in_pixels), shapely.length(in_pixels)
    starts = range(0, max(1, len(geometries)), GEOMETRIES_AT_A_TIME)  # what is divided and turned is soon let go
    parts = [_geodesic(geometries.iloc[start : start + GEOMETRIES_AT_A_TIME]) for start in starts]
    area, perimeter = (np.concatenate(measured) for measured in zip(*parts, strict=True))
    return area / SQUARE_METRES_PER_HECTARE, perimeter


def check_shape(mask: NDArray[Any] | DatasetReader | DatasetWriter, grid: Grid) -> None:
    """SizeError where a mask is not of the shape of its grid."""
    if mask.shape != grid.shape:
        raise SizeError(f"A mask of shape {grid.shape} is needed for this grid, got {mask.shape}: use its own grid.")


def _geodesic(geometries: GeoSeries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area [m2] and length of edges [m] of each of (multi)polygons, from the coordinates of their rings.

    A hole is subtracted from the area only; other parts, such as lines, count nothing.
    """
    parts, of_geometry = _divided(geometries), np.arange(len(geometries))
    if not _are_polygons(parts).all():  # else they need not be copied
        parts, of_geometry = shapely.get_parts(parts, return_index=True)
        is_polygon = _are_polygons(parts)
        parts, of_geometry = parts[is_polygon], of_geometry[is_polygon]
    rings, of_part = shapely.get_rings(parts, return_index=True)
    is_outer = np.diff(of_part, prepend=-1) != 0  # a polygon's first ring is its outline
    counts = shapely.get_num_coordinates(rings)
    longitudes, latitudes = _in_degrees(shapely.get_coordinates(rings), geometries.crs)
    area = np.where(is_outer, 1, -1) * ring_areas(longitudes, latitudes, counts)
    of_ring, length = of_geometry[of_part], ring_lengths(longitudes, latitudes, counts)
    sums = [np.bincount(of_ring, each, len(geometries)).astype(np.float64) for each in (area, length)]
    return sums[0], sums[1]


def _are_polygons(geometries: NDArray[np.object_]) -> NDArray[np.bool_]:
    return np.asarray(shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON)


def _divided(geometries: GeoSeries) -> NDArray[np.object_]:
    """Those that have long edges with points along these."""
    longest = LONGEST_EDGE_DEGREES
    if not geometries.crs.is_geographic:
        longest = LONGEST_EDGE_METRES / geometries.crs.axis_info[0].unit_conversion_factor
    divided = np.array(geometries.array, dtype=object)
    low_x, low_y, high_x, high_y = shapely.bounds(divided).T
    may_be_long = np.hypot(high_x - low_x, high_y - low_y) > longest
    divided[may_be_long] = shapely.segmentize(divided[may_be_long], longest)
    return divided


def _in_degrees(points: NDArray[np.float64], crs: CRS) -> NDArray[np.float64]:
    """Longitudes and latitudes (2, N) of points (N, 2)."""
    return np.array(transformer(crs.to_wkt(), DEGREES)(*points.T))


def _row_hectares(grid: Grid) -> NDArray[np.float64]:
    """Area of one pixel in each row [ha], between two parallels of the WGS 84 ellipsoid (closed form)."""
    sine = np.sin(np.radians(grid.transform.f + grid.transform.e * np.arange(grid.height + 1)))
    square_metres = np.abs(np.diff(zone_area(sine))) * math.radians(abs(grid.transform.a))
    return square_metres / SQUARE_METRES_PER_HECTARE


def _nodes(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns of the lattice on which pixels are measured, in pixels, at most 20 km apart."""
    metres_x, metres_y = grid.metres_per_pixel
    counts = (
        min(side, math.ceil(side * metres / AREA_NODE_METRES)) + 1
        for side, metres in ((grid.height, metres_y), (grid.width, metres_x))
    )
    rows, columns = (np.linspace(0, side, count) for side, count in zip(grid.shape, counts, strict=True))
    return rows, columns


def _interpolation(nodes: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Weight (side, N) of each of N nodes at each pixel centre; every row sums to 1."""
    place = (np.arange(side) + 0.5) / (nodes[1] - nodes[0])
    weights: NDArray[np.float64] = np.clip(1 - np.abs(place[:, np.newaxis] - np.arange(len(nodes))), 0, 1)
    return weights
