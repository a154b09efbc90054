"""GeoParquet that is written batch by batch, in longitude and latitude, however many polygons there are."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import CRS

from minenetcd.constants import DEGREES
from minenetcd.files import atomic_path, unwritable
from minenetcd.geo.grid import transformer
from minenetcd.geo.polygons.hectares import GEOMETRIES_AT_A_TIME

GEOMETRY = "geometry"


class GeoParquetWriter:
    """Writes tables of `columns` and polygons; on a clean exit the file stands at `path`, else nothing does.

    Each batch is a row group, so that memory holds one. Columns that a batch has not are nothing there.
    """

    def __init__(self, path: str | Path, columns: pa.Schema) -> None:
        self.path = Path(path)
        described = {
            "version": "1.1.0",
            "primary_column": GEOMETRY,
            "columns": {
                GEOMETRY: {
                    "encoding": "WKB",
                    "geometry_types": ["MultiPolygon", "Polygon"],
                    "crs": CRS.from_user_input(DEGREES).to_json_dict(),
                }
            },
        }
        self._schema = columns.append(pa.field(GEOMETRY, pa.binary())).with_metadata({"geo": json.dumps(described)})

    def write(self, columns: pa.Table, geometries: np.ndarray[Any, Any], crs: Any) -> None:
        """Rows of `columns` with `geometries` (N,) in `crs`. OutputError where the disk is full."""
        turn = transformer(CRS.from_user_input(crs).to_wkt(), DEGREES)
        turned = shapely.transform(geometries, lambda points: np.column_stack(turn(*points.T)))
        known = {**dict(zip(columns.column_names, columns.columns, strict=True)), GEOMETRY: shapely.to_wkb(turned)}
        arrays = [
            pa.nulls(len(geometries), field.type) if field.name not in known else _cast(known[field.name], field.type)
            for field in self._schema
        ]
        try:
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        except OSError as error:
            raise unwritable(self.path, error) from error

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            target = stack.enter_context(atomic_path(self.path))
            self._writer = stack.enter_context(pq.ParquetWriter(target, self._schema, compression="zstd"))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._stack.__exit__(kind, error, trace)


def _cast(values: Any, kind: pa.DataType) -> Any:
    return (values if isinstance(values, pa.ChunkedArray) else pa.array(values)).cast(kind)


def columns_of(path: Path) -> pa.Schema:
    """The columns of a vector file, but its geometries."""
    with _opened(path) as (_, reader, geometry):
        return pa.schema([field for field in reader.schema if field.name != geometry], metadata=None)


def read_batches(path: Path) -> Iterator[tuple[pa.Table, np.ndarray[Any, Any], str]]:
    """Columns, geometries (N,) and CRS of a vector file, some rows at a time."""
    with _opened(path) as (crs, reader, geometry):
        for batch in reader:
            if batch.num_rows:
                table = pa.Table.from_batches([batch])
                geometries = shapely.from_wkb(table.column(geometry).combine_chunks().to_numpy(zero_copy_only=False))
                yield table.drop_columns([geometry]), geometries, crs


@contextmanager
def _opened(path: Path) -> Iterator[tuple[str, Any, str]]:
    """CRS, reader and the name of the geometries of the first layer."""
    with pyogrio.open_arrow(path, layer=0, batch_size=GEOMETRIES_AT_A_TIME) as (described, stream):
        reader = pa.RecordBatchReader.from_stream(stream)
        yield described["crs"], reader, described["geometry_name"] or "wkb_geometry"
