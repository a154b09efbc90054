"""Polygons of any CRS laid into that of a scene, and burnt window by window."""

from collections.abc import Iterator

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import concat
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from minenetcd.errors import GridError
from minenetcd.geo.areas.layers import Box, PolygonLayer, polygons_of
from minenetcd.geo.footprints.overlap import extent_in_words
from minenetcd.geo.footprints.turns import TURN
from minenetcd.geo.grid import Grid, apply, transformer
from minenetcd.geo.polygons.tracing import burn

#: Edges are divided before they go to another CRS, where straight lines bend: by less than a hundredth of a pixel of
#: 10 m at this length. [pixels]
_LONGEST_EDGE = 50
METRES_PER_DEGREE = 111_000.0
#: Around a scene as much is kept, too: an image that is moved looks there. [pixels]
_MARGIN = 64


class PlacedPolygons:
    """Polygons in the CRS of a scene, indexed: no more than a window of them is ever burnt."""

    def __init__(self, geometries: NDArray[np.object_]) -> None:
        self.geometries = geometries
        self._index = shapely.STRtree(geometries)

    def inside(self, part: Grid) -> NDArray[np.bool_]:
        """Where pixel centres of `part`, in the same CRS, lie in any of them (H, W)."""
        box = shapely.box(*part.bounds)
        near = np.sort(self._index.query(box))
        if not len(near):
            return np.zeros(part.shape, dtype=bool)
        if len(self._index.query(box, predicate="covered_by")):
            return np.ones(part.shape, dtype=bool)
        return burn(self._clipped(near, part), part)

    def touches(self, part: Grid) -> bool:
        """Whether any of them meets the box around `part`."""
        return bool(len(self._index.query(shapely.box(*part.bounds), predicate="intersects")))

    def window(self, grid: Grid) -> Window | None:
        """The smallest window of `grid` that holds all of them that lies in it; None where nothing does."""
        points = shapely.get_coordinates(shapely.intersection(self.geometries, shapely.box(*grid.bounds)))
        if not len(points):
            return None
        columns, rows = apply(~grid.transform, *points.T)
        left, top = (max(0, int(np.floor(axis.min() + 1e-6))) for axis in (columns, rows))
        right = min(grid.width, int(np.ceil(columns.max() - 1e-6)))
        bottom = min(grid.height, int(np.ceil(rows.max() - 1e-6)))
        return None if right <= left or bottom <= top else Window(left, top, right - left, bottom - top)

    def _clipped(self, near: NDArray[np.intp], part: Grid) -> list[BaseGeometry]:
        """Those at the places `near`, without what lies far from `part`: a border of a country has many points."""
        bounds = part.bounds
        beside = 2 * max((bounds.right - bounds.left) / part.width, (bounds.top - bounds.bottom) / part.height)
        clipped = shapely.clip_by_rect(
            self.geometries[near], bounds.left - beside, bounds.bottom - beside, bounds.right + beside,
            bounds.top + beside,
        )  # fmt: skip
        parts = shapely.get_parts(clipped)
        return list(parts[shapely.get_dimensions(parts) == 2])  # GDAL burns lines, too


def placed(layer: PolygonLayer, grid: Grid) -> GeoDataFrame:
    """Polygons and columns of `layer` near `grid`, in its CRS, cut off beside it. GridError where none touches it.

    They are cut before they are reprojected, since what is far from a scene may have no place in its CRS, and long
    edges are divided.
    """
    found = [_moved(layer.read(box), layer, grid, box, turns) for box, turns in _boxes(layer, grid)]
    frame: GeoDataFrame = found[0] if len(found) == 1 else concat(found)
    frame = frame[~frame.geometry.is_empty]
    if not frame.intersects(shapely.box(*grid.bounds)).any():
        raise _missed(layer, grid)
    return frame.reset_index(drop=True)


def _missed(layer: PolygonLayer, grid: Grid) -> GridError:
    return GridError(
        f"{layer.text} ({layer.option}) needs polygons in the scene, which covers {extent_in_words(grid)}, it has "
        f"{_where(layer)}: name another file, or correct its CRS."
    )


def _boxes(layer: PolygonLayer, grid: Grid) -> Iterator[tuple[Box, int]]:
    """Where `grid` and a margin lie in the CRS of `layer`; of one in degrees, by how many turns that was moved."""
    margin = _MARGIN / max(1, min(grid.shape))
    x, y = grid.outline()
    if not _is_same(layer, grid):
        x, y = transformer(grid.wkt(), layer.crs.to_wkt())(x, y)
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if not len(x):
        raise _missed(layer, grid)
    if layer.crs.is_geographic:
        x = np.unwrap(x, period=TURN)
        if poles := _poles_in(grid, layer):  # all longitudes meet there, and no outline comes near it
            yield (-TURN / 2, min(y.min(), *poles), TURN / 2, max(y.max(), *poles)), 0
            return
    wide, high = ((axis.max() - axis.min()) * margin for axis in (x, y))
    for turn in (0, -1, 1) if layer.crs.is_geographic else (0,):
        left, right = x.min() - wide + turn * TURN, x.max() + wide + turn * TURN
        if not turn or (layer.bounds is not None and left <= layer.bounds[2] and right >= layer.bounds[0]):
            yield (left, y.min() - high, right, y.max() + high), turn


def _poles_in(grid: Grid, layer: PolygonLayer) -> list[float]:
    """Latitudes of the poles that lie in `grid`, by the CRS of `layer`, which is in degrees."""
    if grid.is_geographic:
        return []
    latitudes = np.array([90.0, -90.0])
    x, y = transformer(layer.crs.to_wkt(), grid.wkt())(np.zeros(2), latitudes)
    bounds = grid.bounds
    inside = (bounds.left <= x) & (x <= bounds.right) & (bounds.bottom <= y) & (y <= bounds.top)
    return [float(latitude) for latitude in latitudes[inside]]


def _moved(frame: GeoDataFrame, layer: PolygonLayer, grid: Grid, box: Box, turns: int) -> GeoDataFrame:
    """What `frame` holds in `box`, in the CRS of `grid`."""
    geometries = polygons_of(shapely.clip_by_rect(frame.geometry.to_numpy(), *box))
    if turns:
        geometries = shapely.transform(geometries, lambda points: points - (turns * TURN, 0))
    if not _is_same(layer, grid):
        divided = shapely.segmentize(geometries, _LONGEST_EDGE * grid.mean_metres / _metres_per_unit(layer))
        geometries = polygons_of(shapely.transform(divided, lambda points: _projected(points, layer, grid)))
    return frame.set_geometry(geometries, crs=grid.crs)


def _projected(points: NDArray[np.float64], layer: PolygonLayer, grid: Grid) -> NDArray[np.float64]:
    """Points (N, 2) of `layer` in the CRS of `grid`, in degrees by the turn that is nearest to it."""
    x, y = transformer(layer.crs.to_wkt(), grid.wkt())(*points.T)
    if grid.is_geographic:
        middle = (grid.bounds.left + grid.bounds.right) / 2
        x = x - np.round((x - middle) / TURN) * TURN
    return np.column_stack([x, y])


def _is_same(layer: PolygonLayer, grid: Grid) -> bool:
    return grid.crs is not None and bool(layer.crs.equals(grid.wkt(), ignore_axis_order=True))


def _metres_per_unit(layer: PolygonLayer) -> float:
    return METRES_PER_DEGREE if layer.crs.is_geographic else float(layer.crs.axis_info[0].unit_conversion_factor)


def _where(layer: PolygonLayer) -> str:
    if layer.bounds is None:
        return "none"
    low_x, low_y, high_x, high_y = layer.bounds
    unit = " degrees" if layer.crs.is_geographic else ""
    return f"x {low_x:.10g} to {high_x:.10g}, y {low_y:.10g} to {high_y:.10g}{unit} in {layer.crs.name}"
