"""Masks to polygons and back, hectares on the ellipsoid, and vector files."""

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import rasterio
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.features import rasterize, shapes
from rasterio.io import DatasetReader
from shapely.geometry.base import BaseGeometry

from minenetcd.constants import DEGREES
from minenetcd.errors import OptionError, RasterError, SizeError
from minenetcd.files import atomic_path, unwritable
from minenetcd.geo.grid import SQUARE_METRES_PER_HECTARE, WGS84, Grid, apply
from minenetcd.geo.source import open_or_explain, quiet_gdal, reason

MaskSource: TypeAlias = NDArray[Any] | DatasetReader | str | Path

# Straight edges in a projection bend on the ellipsoid: longer ones are divided before they are measured.
LONGEST_EDGE_METRES = 1_000.0
LONGEST_EDGE_DEGREES = 0.01

AREA_NODE_METRES = 20_000.0  # spacing at which pixel areas are measured; between, they are interpolated
POLYGONS_AT_A_TIME = 2**14
ROWS_TIMES_COLUMNS = 2**22  # of a mask, held as float64 at a time

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".parquet": "Parquet"}


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
    outlines = (
        outline["coordinates"]
        for outline, found in _outlines(mask_source, grid, connectivity)
        if found != 0 and value in (None, found)
    )
    some = iter(lambda: list(islice(outlines, POLYGONS_AT_A_TIME)), [])
    geometries = np.concatenate([np.array([], dtype=object), *map(_polygons, some)])
    crs = grid.named_crs
    frame = GeoDataFrame({"geometry": GeoSeries(geometries, crs=crs)}, geometry="geometry", crs=crs)
    area, perimeter = _measures(frame.geometry, grid)
    names = ("area_ha", "perimeter_m") if grid.is_georeferenced else ("area_px", "perimeter_px")
    frame[names[0]], frame[names[1]] = area, perimeter
    frame = frame.sort_values(names[0], ascending=False, kind="stable", ignore_index=True)
    frame.insert(0, "id", np.arange(1, len(frame) + 1, dtype=np.int64))
    return frame[["id", *names, "geometry"]]


def geodesic_hectares(geometry: BaseGeometry, crs: CRS | str) -> float:
    """Area of a polygon or multipolygon on the WGS 84 ellipsoid [ha], holes subtracted."""
    return float(_geodesic(_in_degrees(GeoSeries([geometry], crs=crs)))[0][0]) / SQUARE_METRES_PER_HECTARE


def changed_hectares(mask: NDArray[np.bool_], grid: Grid) -> float:
    """Area of the True pixels of `mask` (H, W) on the ellipsoid [ha]; whole pixels are counted.

    Upright degrees: the exact area of a pixel between two parallels, row by row. Any other CRS: the areas of pixels
    on a lattice of at most 20 km, from geodesics across them, interpolated bilinearly (error below 0.01 %, also in
    Web Mercator). SizeError where the shapes differ; GridError for a picture.
    """
    _check_shape(mask, grid)
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


def write_vector(frame: GeoDataFrame, path: str | Path) -> None:
    """Write `.gpkg`, `.geojson` or `.parquet` (GeoParquet), complete or not at all; no rows are fine.

    GeoJSON holds WGS 84 longitude and latitude (RFC 7946) where `frame` has a CRS on Earth, else its coordinates.
    OptionError for another ending, OutputError where the file cannot be written.
    """
    path = Path(path)
    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise OptionError(f"Vectors are written as {', '.join(DRIVERS)}, got {path.name}: change its ending.")
    with atomic_path(path) as target:
        try:
            if driver == "Parquet":
                frame.to_parquet(target)
            else:
                _write_layer(frame, target, driver)
        except (OSError, RuntimeError) as error:  # pyogrio's errors are RuntimeErrors
            raise unwritable(path, error) from error


def day_column(day: date | None, rows: int) -> pd.Series:
    """`rows` times one day, or nothing, as a column that every vector format keeps as dates."""
    return pd.Series([day] * rows, dtype=pd.ArrowDtype(pa.date32()))


def _write_layer(frame: GeoDataFrame, target: Path, driver: str) -> None:
    options: dict[str, str | bool] = {}
    if driver == "GeoJSON" and frame.crs is not None:
        if frame.crs.is_engineering:
            frame = frame.set_crs(None, allow_override=True)
        else:
            frame, options["RFC7946"] = frame.to_crs(DEGREES), "YES"
    polygonal = set(frame.geom_type.dropna()) <= {"Polygon", "MultiPolygon"}
    if polygonal:  # also without rows, so that an empty layer has the same schema as a full one
        options |= {"geometry_type": "MultiPolygon", "promote_to_multi": True}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")  # a picture has none
        frame.to_file(target, driver=driver, engine="pyogrio", index=False, use_arrow=True, **options)


def _outlines(mask_source: MaskSource, grid: Grid, connectivity: int) -> Iterator[tuple[dict[str, Any], float]]:
    if isinstance(mask_source, np.ndarray):
        _check_shape(mask_source, grid)
        pixels = mask_source.astype(np.uint8) if mask_source.dtype == bool else mask_source
        yield from shapes(pixels, mask=pixels != 0, connectivity=connectivity, transform=grid.transform)
        return
    with ExitStack() as stack:
        if not isinstance(mask_source, DatasetReader):
            stack.enter_context(quiet_gdal())
            mask_source = stack.enter_context(open_or_explain(str(mask_source), mask_source))
        _check_shape(mask_source, grid)
        band = rasterio.band(mask_source, 1)
        try:
            for outline, found in shapes(band, mask=band, connectivity=connectivity, transform=grid.transform):
                if found != mask_source.nodata:
                    yield outline, found
        except RasterioError as error:
            raise RasterError(
                f"{mask_source.name} cannot be read to the end ({reason(error)}): write it again."
            ) from error


def _polygons(outlines: Sequence[Sequence[Sequence[tuple[float, float]]]]) -> NDArray[np.object_]:
    """Valid (multi)polygons of outlines, each a sequence of rings, the outer one first."""
    rings = [ring for outline in outlines for ring in outline]
    of_ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    of_polygon = np.repeat(np.arange(len(outlines)), [len(outline) for outline in outlines])
    points = np.array([point for ring in rings for point in ring], dtype=np.float64)
    made: NDArray[np.object_] = shapely.polygons(shapely.linearrings(points, indices=of_ring), indices=of_polygon)
    return np.asarray(shapely.make_valid(made), dtype=object)


def _check_shape(mask: NDArray[Any] | DatasetReader, grid: Grid) -> None:
    if mask.shape != grid.shape:
        raise SizeError(f"A mask of shape {grid.shape} is needed for this grid, got {mask.shape}: use its own grid.")


def _measures(geometries: GeoSeries, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area [ha] and perimeter [m] of each; in pixels of `grid` where that has no place on Earth."""
    if not grid.is_georeferenced:
        in_pixels = shapely.transform(
            geometries.array, lambda points: np.column_stack(apply(~grid.transform, *points.T))
        )
        return shapely.area(in_pixels), shapely.length(in_pixels)
    starts = range(0, max(1, len(geometries)), POLYGONS_AT_A_TIME)  # what is divided and turned is soon let go
    parts = [_geodesic(_in_degrees(geometries.iloc[start : start + POLYGONS_AT_A_TIME])) for start in starts]
    area, perimeter = (np.concatenate(measured) for measured in zip(*parts, strict=True))
    return area / SQUARE_METRES_PER_HECTARE, perimeter


def _in_degrees(geometries: GeoSeries) -> GeoSeries:
    unit = LONGEST_EDGE_DEGREES
    if not geometries.crs.is_geographic:
        unit = LONGEST_EDGE_METRES / geometries.crs.axis_info[0].unit_conversion_factor
    return geometries.segmentize(unit).to_crs(DEGREES)


def _geodesic(geometries: GeoSeries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area [m2] and length of edges [m] of each of (multi)polygons in degrees, from the coordinates of their rings.

    A hole is subtracted from the area only; other parts, such as lines, count nothing.
    """
    parts, of_geometry = shapely.get_parts(geometries.array, return_index=True)
    is_polygon = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts, of_geometry = parts[is_polygon], of_geometry[is_polygon]
    rings, of_part = shapely.get_rings(parts, return_index=True)
    is_outer = np.diff(of_part, prepend=-1) != 0  # a polygon's first ring is its outline
    longitudes, latitudes = shapely.get_coordinates(rings).T.copy()
    counts = shapely.get_num_coordinates(rings)
    ends = np.cumsum(counts)
    measured = np.array(
        [
            WGS84.polygon_area_perimeter(longitudes[start:end], latitudes[start:end])
            for start, end in zip(ends - counts, ends, strict=True)
        ]
    ).reshape(-1, 2)
    area = np.where(is_outer, 1, -1) * np.abs(measured[:, 0])
    of_ring = of_geometry[of_part]
    sums = [np.bincount(of_ring, each, len(geometries)).astype(np.float64) for each in (area, measured[:, 1])]
    return sums[0], sums[1]


def _row_hectares(grid: Grid) -> NDArray[np.float64]:
    """Area of one pixel in each row [ha], between two parallels of the WGS 84 ellipsoid (closed form)."""
    eccentricity = math.sqrt(WGS84.es)
    sine = np.sin(np.radians(grid.transform.f + grid.transform.e * np.arange(grid.height + 1)))
    zone = sine / (1 - WGS84.es * sine**2) + np.arctanh(eccentricity * sine) / eccentricity
    square_metres: NDArray[np.float64] = WGS84.b**2 / 2 * np.abs(np.diff(zone)) * math.radians(abs(grid.transform.a))
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
