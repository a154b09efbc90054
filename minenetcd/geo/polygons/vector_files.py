"""Vector files."""

import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from geopandas import GeoDataFrame
from pyogrio import write_arrow

from minenetcd.constants import DEGREES
from minenetcd.errors import OptionError
from minenetcd.files import atomic_path, unwritable
from minenetcd.geo.polygons.hectares import GEOMETRIES_AT_A_TIME

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".parquet": "Parquet"}


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
    options: dict[str, str] = {}
    crs = frame.crs
    if driver == "GeoJSON" and crs is not None:
        if crs.is_engineering:
            crs = None
        else:
            frame, options["RFC7946"] = frame.to_crs(DEGREES), "YES"
            crs = frame.crs
    polygonal = set(frame.geom_type.dropna()) <= {"Polygon", "MultiPolygon"}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")  # a picture has none
        write_arrow(
            _batches(frame, many=polygonal), target, driver=driver, geometry_name="geometry",
            geometry_type="MultiPolygon" if polygonal else "Unknown",  # also without rows: a schema has no exceptions
            crs=None if crs is None else crs.to_wkt(), **options,
        )  # fmt: skip


def _batches(frame: GeoDataFrame, *, many: bool) -> pa.RecordBatchReader:
    """A frame as a stream, so that only some geometries at a time are in memory twice.

    `many`: all are (multi)polygons, and written as multipolygons.
    """
    columns = pa.Table.from_pandas(pd.DataFrame(frame.drop(columns=frame.geometry.name)), preserve_index=False)
    kinds = [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in columns.schema]
    columns = columns.cast(pa.schema(kinds))  # GDAL knows no column of nothing
    field = pa.field("geometry", pa.binary())

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(frame), GEOMETRIES_AT_A_TIME):
            some = np.array(frame.geometry.array[start : start + GEOMETRIES_AT_A_TIME], dtype=object)
            if many:
                is_one = shapely.get_type_id(some) == shapely.GeometryType.POLYGON
                some[is_one] = shapely.multipolygons(some[is_one, np.newaxis], axis=1)
            encoded = pa.array(shapely.to_wkb(some), pa.binary())
            yield from columns.slice(start, GEOMETRIES_AT_A_TIME).append_column(field, encoded).to_batches()

    return pa.RecordBatchReader.from_batches(columns.schema.append(field), batches())
