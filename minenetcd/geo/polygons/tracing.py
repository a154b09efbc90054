"""Masks to polygons and back."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import rasterio
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.features import rasterize, shapes
from rasterio.io import DatasetReader, DatasetWriter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from minenetcd.errors import RasterError
from minenetcd.geo.grid import Grid, apply
from minenetcd.geo.polygons.hectares import GEOMETRIES_AT_A_TIME, check_shape, measures
from minenetcd.geo.source import open_or_explain, quiet_gdal, reason

MaskSource: TypeAlias = NDArray[Any] | DatasetReader | DatasetWriter | str | Path


def change_polygons(
    mask_source: MaskSource, grid: Grid, *, value: int | None = None, connectivity: Literal[4, 8] = 8
) -> GeoDataFrame:
    """Polygons around the changed pixels, largest first, in the CRS of `grid`.

    `mask_source`: an array (H, W) of bool or uint8, or a raster (opened, or its path), whose first band is read as
    a stream: memory grows with the polygons, not with the pixels. Changed are pixels equal to `value`; with None,
    those neither 0 nor nodata, each value by itself. With connectivity 8, pixels that touch at a corner
    are one (multi)polygon; with 4 they are two. Every geometry is valid, along pixel edges, holes kept.

    Columns `id` (1 is the largest), `area_ha` and `perimeter_m` (geodesic, WGS 84; holes subtracted from the area,
    their edges part of the perimeter). Without a place on Earth: `area_px`, `perimeter_px`; a picture has no CRS, y
    downward.
    SizeError where the mask and the grid differ in shape; RasterError for an unreadable raster.
    """
    geometries = _traced(mask_source, grid, value=value, joins_corners=connectivity == 8)
    crs = grid.named_crs
    frame = GeoDataFrame({"geometry": GeoSeries(geometries, crs=crs)}, geometry="geometry", crs=crs)
    area, perimeter = measures(frame.geometry, grid)
    names = ("area_ha", "perimeter_m") if grid.is_georeferenced else ("area_px", "perimeter_px")
    frame[names[0]], frame[names[1]] = area, perimeter
    frame = frame.sort_values(names[0], ascending=False, kind="stable", ignore_index=True)
    frame.insert(0, "id", np.arange(1, len(frame) + 1, dtype=np.int64))
    return frame[["id", *names, "geometry"]]


def burn(geometries: Iterable[BaseGeometry] | GeoSeries | GeoDataFrame, grid: Grid) -> NDArray[np.bool_]:
    """Where pixel centres of `grid` lie inside any of `geometries` (H, W).

    A GeoSeries or GeoDataFrame with a CRS is reprojected to the grid's; bare geometries are taken to be in it
    (pixels, y downward, for a picture).
    """
    if isinstance(geometries, GeoDataFrame):
        geometries = geometries.geometry
    if isinstance(geometries, GeoSeries) and geometries.crs is not None and grid.crs is not None:
        geometries = geometries.to_crs(grid.crs)
    drawn = [geometry for geometry in geometries if geometry is not None and not geometry.is_empty]
    if not drawn:
        return np.zeros(grid.shape, dtype=bool)
    inside: NDArray[np.uint8] = rasterize(drawn, out_shape=grid.shape, transform=grid.transform, dtype=np.uint8)
    return inside.astype(bool)


class _Traced(NamedTuple):
    """N polygons of pixels that share edges, the value (N,) of each, and the pixels' corners that its rings turn at."""

    polygons: NDArray[np.object_]
    values: NDArray[np.float64]
    corners: NDArray[np.int64]  # (V,), of all polygons one after the other
    counts: NDArray[np.int64]  # (N,), of corners of each


def _traced(mask_source: MaskSource, grid: Grid, *, value: int | None, joins_corners: bool) -> NDArray[np.object_]:
    """Polygons of pixels that share edges, which are valid as they are traced; those that meet at corners are joined.

    Traced across corners, one outline may touch itself a hundred thousand times, and mending it takes minutes.
    """
    wanted = (
        (outline["coordinates"], found)
        for outline, found in _outlines(mask_source, grid)
        if found != 0 and value in (None, found)
    )
    parts = list(iter(lambda: _polygons(islice(wanted, GEOMETRIES_AT_A_TIME), grid), None))
    if not parts:
        return np.array([], dtype=object)
    traced = _Traced(*map(np.concatenate, zip(*parts, strict=True)))
    return _joined(traced) if joins_corners else traced.polygons


def _polygons(outlines: Iterable[tuple[Sequence[Sequence[tuple[float, float]]], float]], grid: Grid) -> _Traced | None:
    """Of outlines and their values: an outline is a sequence of rings, the outer one first. None where there are none.

    Numbers go into buffers as they come: a million tuples that are kept make Python's collector search them all.
    """
    numbers, in_ring, in_outline, values = array("d"), array("q"), array("q"), array("d")
    for outline, value in outlines:
        for ring in outline:
            numbers.extend(chain.from_iterable(ring))
            in_ring.append(len(ring))
        in_outline.append(len(outline))
        values.append(value)
    if not values:
        return None
    points = np.array(numbers).reshape(-1, 2)
    columns, rows = np.rint(apply(~grid.transform, *points.T)).astype(np.int64)
    made = shapely.linearrings(points, indices=np.repeat(np.arange(len(in_ring)), in_ring))
    of_ring = np.repeat(np.arange(len(values)), in_outline)
    return _Traced(
        polygons=np.asarray(shapely.polygons(made, indices=of_ring), dtype=object),
        values=np.array(values),
        corners=rows * (grid.width + 1) + columns,
        counts=np.bincount(of_ring, in_ring, len(values)).astype(np.int64),
    )


def _joined(traced: _Traced) -> NDArray[np.object_]:
    """Polygons of one value that turn at the same corner of a pixel are parts of one multipolygon.

    They lie across that corner from each other: did they share an edge, they would be one.
    """
    count = len(traced.polygons)
    of = np.repeat(np.arange(count), traced.counts)
    order = np.lexsort((of, traced.values[of], traced.corners))
    corners, of = traced.corners[order], of[order]
    values = traced.values[of]
    meet = (corners[1:] == corners[:-1]) & (values[1:] == values[:-1]) & (of[1:] != of[:-1])
    pairs = coo_array((meet[meet], (of[:-1][meet], of[1:][meet])), shape=(count, count))
    _, group = connected_components(pairs, directed=False)
    return _of_groups(traced.polygons, group)


def _of_groups(polygons: NDArray[np.object_], group: NDArray[np.int32]) -> NDArray[np.object_]:
    """A polygon that is alone in its group as it is, several as one multipolygon; in the order of the groups."""
    order, sizes = np.argsort(group, kind="stable"), np.bincount(group)
    polygons, is_alone = polygons[order], np.repeat(sizes == 1, sizes)
    geometries = np.empty(len(sizes), dtype=object)
    geometries[sizes == 1] = polygons[is_alone]
    together = np.repeat(np.arange(np.count_nonzero(sizes > 1)), sizes[sizes > 1])
    geometries[sizes > 1] = shapely.multipolygons(polygons[~is_alone], indices=together)
    return geometries


def _outlines(mask_source: MaskSource, grid: Grid) -> Iterator[tuple[dict[str, Any], float]]:
    """Outlines of pixels of one value that share edges, in the CRS of `grid`, and the value."""
    if isinstance(mask_source, np.ndarray):
        check_shape(mask_source, grid)
        pixels = mask_source.astype(np.uint8) if mask_source.dtype == bool else mask_source
        yield from shapes(pixels, mask=pixels != 0, connectivity=4, transform=grid.transform)
        return
    with ExitStack() as stack:
        if isinstance(mask_source, str | Path):
            stack.enter_context(quiet_gdal())
            mask_source = stack.enter_context(open_or_explain(str(mask_source), mask_source))
        check_shape(mask_source, grid)
        band = rasterio.band(mask_source, 1)
        only = band if mask_source.dtypes[0] == "uint8" else None  # what else rasterio takes for no mask
        try:
            for outline, found in shapes(band, mask=only, connectivity=4, transform=grid.transform):
                if found != mask_source.nodata:
                    yield outline, found
        except RasterioError as error:
            raise RasterError(
                f"{mask_source.name} cannot be read to the end ({reason(error)}): write it again."
            ) from error
