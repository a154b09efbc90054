"""Vector files."""

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from geopandas import GeoDataFrame
from pyogrio import read_dataframe, write_arrow
from shapely.errors import ShapelyError

from minenetcd.constants import DEGREES
from minenetcd.display.escaping import csv_text
from minenetcd.errors import InputError, OptionError, one_line
from minenetcd.files import atomic_path, unwritable
from minenetcd.files.database import Database
from minenetcd.foreign import folders_of, refused
from minenetcd.geo.polygons.hectares import GEOMETRIES_AT_A_TIME

DRIVERS = {
    ".gpkg": "GPKG", ".geojson": "GeoJSON", ".parquet": "Parquet", ".fgb": "FlatGeobuf", ".kml": "KML",
    ".shp.zip": "ESRI Shapefile", ".csv": "CSV",
}  # fmt: skip

#: Letters of a column's name in a shapefile.
LONGEST_COLUMN = 10

#: The layer of a result's polygons.
CHANGES = "change"
#: Tables of every GeoPackage, by which it is read.
OF_GEOPACKAGES = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys", "gpkg_extensions")


def read_polygons(path: Path, *, layer: str = CHANGES) -> GeoDataFrame:
    """A layer that this package wrote as GeoPackage or GeoJSON, in the CRS of the images; without one of pictures.

    InputError where it cannot be read.
    """
    if path.suffix == ".gpkg":
        tables = (layer, *OF_GEOPACKAGES)
        with Database(path, kind="result", advice="predict again", tables=tables).reading() as database:
            return layer_of(database, layer)
    if (reason := refused(path, within=folders_of(path.parent))) is not None:
        raise InputError(f"{path} cannot be read ({reason}): it is damaged or no result; predict again.")
    try:
        return _read(path).set_crs(None, allow_override=True)  # GDAL takes it for WGS 84
    except ValueError as error:
        words = one_line(error)
        raise InputError(f"{path} cannot be read ({words}): it is damaged or no result; predict again.") from error


def layer_of(database: sqlite3.Connection, layer: str | None = None) -> GeoDataFrame:
    """A layer of a GeoPackage, the first without a name, as the transaction of `database` sees it.

    ValueError where there is none.

    GDAL reads a copy in memory. It brings an SQLite of its own, and a second one that opens a file within one process
    takes the first one's locks away, so that both may read or write what is half written.
    """
    stored = _without_views(_without_log(database.serialize()))
    return _read(stored, **({} if layer is None else {"layer": layer}))


def _without_log(stored: bytes) -> bytes:
    """The same database as one that has no log beside it (WAL), which in memory cannot be.

    Bytes 18 and 19 of an SQLite file say how it is written and read: 1 without a log, 2 with one.
    """
    return stored[:18] + b"\x01\x01" + stored[20:]


def _without_views(stored: bytes) -> bytes:
    """The same database without what GDAL would look into for as long as it goes on, and nobody asked for."""
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(stored)
        views = [str(name) for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'view'")]
        if not views:
            return stored
        for name in views:
            quoted = name.replace('"', '""')
            copy.execute(f'DROP VIEW "{quoted}"')
        copy.commit()
        return copy.serialize()


def _read(source: Path | bytes, **options: str) -> GeoDataFrame:
    """ValueError where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a picture, which has no CRS, and of a file in memory, without a name
            frame: GeoDataFrame = read_dataframe(source, **options)
    except (OSError, RuntimeError, ShapelyError) as error:  # pyogrio's errors are RuntimeErrors
        raise ValueError(one_line(error)) from error
    return frame


def write_vector(frame: GeoDataFrame, path: str | Path) -> None:
    """Write a layer in the format that `path` ends with (DRIVERS), complete or not at all; no rows are fine.

    GeoJSON (RFC 7946) and KML hold WGS 84 longitude and latitude where `frame` has a CRS on Earth; without one GeoJSON
    holds its coordinates, and KML is refused. A shapefile lies in a zip, as GIS open it; CSV holds a point inside each
    geometry, no outline. OptionError for another ending, for what the format cannot hold, and for columns of more than
    ten letters in a shapefile, which would be cut; OutputError where the file cannot be written.
    """
    path = Path(path)
    driver = next((driver for ending, driver in DRIVERS.items() if path.name.lower().endswith(ending)), None)
    if driver is None:
        raise OptionError(f"Vectors are written as {', '.join(DRIVERS)}, got {path.name}: change its ending.")
    if driver == "KML" and not is_on_earth(frame):
        raise OptionError(f"KML needs coordinates with a CRS on Earth, {path.name} has none: write GeoJSON.")
    if driver == "ESRI Shapefile" and (long := [name for name in frame.columns[:-1] if len(name) > LONGEST_COLUMN]):
        raise OptionError(f"A shapefile's columns have {LONGEST_COLUMN} letters or fewer, got {long[0]}: rename it.")
    with atomic_path(path) as target:
        try:
            if driver == "Parquet":
                frame.to_parquet(target)
            elif driver == "CSV":
                _write_points(frame, target)
            else:
                _write_layer(frame, target, driver)
        except (OSError, RuntimeError) as error:  # pyogrio's errors are RuntimeErrors
            raise unwritable(path, error) from error


def is_on_earth(frame: GeoDataFrame) -> bool:
    """Whether its coordinates lie somewhere on Earth, and not in a plane or a picture."""
    return frame.crs is not None and not frame.crs.is_engineering


def day_column(day: date | None, rows: int) -> pd.Series:
    """`rows` times one day, or nothing, as a column that every vector format keeps as dates."""
    return pd.Series([day] * rows, dtype=pd.ArrowDtype(pa.date32()))


def _write_layer(frame: GeoDataFrame, target: Path, driver: str) -> None:
    options = dict(_OPTIONS.get(driver, {}))
    if driver in ("GeoJSON", "KML") and is_on_earth(frame):
        frame = frame.to_crs(DEGREES)
        options |= {"RFC7946": "YES"} if driver == "GeoJSON" else {}
    crs = None if driver == "GeoJSON" and not is_on_earth(frame) else frame.crs
    polygonal = set(frame.geom_type.dropna()) <= {"Polygon", "MultiPolygon"}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")  # a picture has none
        write_arrow(
            _batches(frame, many=polygonal), target, driver=driver, geometry_name="geometry",
            geometry_type="MultiPolygon" if polygonal else "Unknown",  # also without rows: a schema has no exceptions
            crs=None if crs is None else crs.to_wkt(), **options,
        )  # fmt: skip


#: How drivers are asked to write.
_OPTIONS = {"ESRI Shapefile": {"ENCODING": "UTF-8"}}


def _write_points(frame: GeoDataFrame, target: Path) -> None:
    """The columns of `frame` and a point inside each geometry, as a spreadsheet opens them; some rows at a time."""
    names = ("longitude", "latitude") if is_on_earth(frame) else ("x", "y")
    with target.open("w", encoding="utf-8", newline="") as file:
        for start in range(0, max(1, len(frame)), GEOMETRIES_AT_A_TIME):
            some = frame.iloc[start : start + GEOMETRIES_AT_A_TIME]
            points = some.geometry.representative_point()
            points = points.to_crs(DEGREES) if is_on_earth(frame) else points
            table = pd.DataFrame(some.drop(columns=frame.geometry.name))
            text = csv_text(table.assign(**dict(zip(names, (points.x, points.y), strict=True))))
            file.write(text if start == 0 else text.partition("\n")[2])


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
