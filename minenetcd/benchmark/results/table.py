"""All cells as one table: what was measured, what it cost, what it rests on, and what was printed of it before."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from minenetcd.benchmark.folder import BenchmarkFolder, State, reading
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.benchmark.suite.published import printed_gain, printed_score
from minenetcd.configs.suite import Suite
from minenetcd.datasets.catalog import published_table
from minenetcd.display.escaping import csv_text, from_csv
from minenetcd.display.words import MEASURES
from minenetcd.evaluation.confusion import METRICS
from minenetcd.evaluation.significance import MAIN
from minenetcd.files import atomic_path, write_text

RESULTS = "results.parquet", "results.csv"

TEXTS = ("suite", "cell", "row", "label", "group", "twin", "model", "dataset", "split", "recipe")
COUNTS = ("tp", "fp", "fn", "tn")

#: Every column of the table with its type, in order; what is not known or undefined is empty.
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in TEXTS),
        ("seed", pa.int64()),
        ("weights", pa.string()),
        ("state", pa.string()),
        ("error", pa.string()),
        ("beside", pa.bool_()),
        *((name, pa.int64()) for name in COUNTS),
        *((name, pa.float64()) for name in METRICS),
        *((f"{name}_{end}", pa.float64()) for name in MAIN for end in ("low", "high")),
        *((name, pa.float64()) for name in ("average_precision", "expected_calibration_error", "threshold")),
        *((name, pa.int64()) for name in ("pairs", "refused_pairs", "sites", "parameters", "macs")),
        *((name, pa.int64()) for name in ("train_steps", "train_pairs")),
        *((name, pa.float64()) for name in ("train_seconds", "test_seconds", "val_f1")),
        ("best_step", pa.int64()),
        *((name, pa.string()) for name in ("config_hash", "data_source", "data_fingerprint", "train_fingerprint")),
        ("train_commit", pa.string()),
        ("commit", pa.string()),
        ("commit_changed", pa.bool_()),
        *((name, pa.string()) for name in ("version", "torch", "machine", "finished", "trained_on")),
        *((f"published_{name}", pa.string()) for name in MEASURES),
        *((f"published_gain_{name}", pa.string()) for name in ("f1", "ciou")),
        ("published_in", pa.string()),
        ("published_note", pa.string()),
    ]
)


def results_table(state: State) -> pd.DataFrame:
    """A row a cell."""
    rows = [_row(state, cell) for cell in state.cells]
    return pa.Table.from_pylist(rows, schema=SCHEMA).to_pandas(types_mapper=_nullable.get)


def write_table(frame: pd.DataFrame, folder: Path) -> None:
    """Write results.parquet and results.csv, what `results_table` gives."""
    with atomic_path(folder / RESULTS[0]) as temporary:
        pq.write_table(
            pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False).replace_schema_metadata(), temporary
        )
    write_text(folder / RESULTS[1], csv_text(frame))


def read_table(path: Path) -> pd.DataFrame:
    """results.parquet again, with whole numbers that may be missing."""
    return pq.read_table(path).to_pandas(types_mapper=_nullable.get)


def _row(state: State, cell: Cell) -> dict[str, Any]:
    record, failure = state.records.get(cell.id), state.failures.get(cell.id)
    how = "finished" if record else "failed" if failure else "not run" if cell.is_available else "not published"
    weights = "trained" if cell.is_trained_here else cell.weights
    known = record.as_json() if record else {"weights": weights, "config_hash": cell.hash}
    row = {name: known.get(name) for name in SCHEMA.names}
    return {
        **row,
        "suite": state.suite.name,
        "cell": cell.id,
        "row": cell.row,
        "label": cell.label,
        "group": cell.group,
        "twin": cell.twin,
        "model": json.dumps(known.get("model", cell.model), sort_keys=True),
        "dataset": cell.dataset,
        "recipe": cell.recipe,
        "seed": cell.seed,
        "beside": cell.beside,
        "state": how,
        "error": failure.error if failure and not record else None,
        **_printed(state.suite, cell),
    }


def _printed(suite: Suite, cell: Cell) -> dict[str, str | None]:
    """Digits of printed scores and gains, as text: they are what was printed."""
    table = published_table(cell.data)
    gain = printed_gain(cell.model, table)
    columns: dict[str, str | None] = {f"published_gain_{name}": digits for name, digits in (gain or {}).items()}
    found = printed_score(cell.model, table, suite.published) if suite.test.split == "test" else None
    if found is None:
        return columns
    columns |= {f"published_{name}": digits for name, digits in found.digits.items()}
    return {**columns, "published_in": found.source, "published_note": found.note}


def unit_counts(folder: BenchmarkFolder, cell: Cell) -> tuple[str, list[str], NDArray[np.int64]]:
    """What the test set divides into ("site", else "pair"), their names, and tp, fp, fn, tn of each (N, 4).

    DataError where the file of `cell` that says so is lost or damaged.
    """
    sites = folder.cell(cell) / "per_site.csv"
    unit, path = ("site", sites) if sites.exists() else ("pair", folder.cell(cell) / "per_pair.csv")
    with reading(path):
        table = _read_counts(path)
        names = table["site" if unit == "site" else "name"].tolist()
        return unit, names, table[list(COUNTS)].to_numpy(np.int64)


def pair_scores(folder: BenchmarkFolder, cell: Cell) -> pd.Series:
    """F1 of each pair that has changed pixels, by its name. DataError where per_pair.csv is lost or damaged."""
    path = folder.cell(cell) / "per_pair.csv"
    with reading(path):
        table = _read_counts(path).set_index("name")
        return table.loc[table["tp"] + table["fn"] > 0, "f1"].astype(float)


def _read_counts(path: Path) -> pd.DataFrame:
    """A table of pairs or sites that a test left; their names are text, "NA" too, and what is undefined is missing."""
    names = dict.fromkeys(("site", "name"), from_csv)
    return pd.read_csv(path, converters=names, keep_default_na=False, na_values=[""])


_nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
