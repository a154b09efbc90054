"""The polygons of all pairs in one file."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from minenetcd.geo.polygons.geoparquet import GeoParquetWriter, columns_of, read_batches
from minenetcd.monitoring.pairs.run import PairOutcome

#: The columns before those of change.gpkg, whose own `id` is the number in the report of the pair.
OWN = pa.schema([("id", pa.string()), ("number", pa.int64())])


def write_polygons(path: Path, outcomes: Sequence[PairOutcome]) -> None:
    """GeoParquet in longitude and latitude, row group by row group; pairs without a place on Earth are not in it."""
    placed = [
        (outcome.pair.id, outcome.folder / outcome.finished.vector)
        for outcome in outcomes
        if outcome.finished is not None and outcome.finished.place is not None
    ]
    own = [columns_of(vector) for _, vector in placed]
    columns = pa.unify_schemas([OWN, *map(_without_number, own)], promote_options="permissive")
    with GeoParquetWriter(path, columns) as writer:
        for name, vector in placed:
            for table, geometries, crs in read_batches(vector):
                table = table.rename_columns(["number" if column == "id" else column for column in table.column_names])
                ids = pa.array([name] * table.num_rows, pa.string())
                writer.write(table.add_column(0, "id", ids), geometries, crs)


def _without_number(columns: pa.Schema) -> pa.Schema:
    """The columns of a result but its number, which has its own place."""
    return pa.schema([field for field in columns if field.name != "id"])
