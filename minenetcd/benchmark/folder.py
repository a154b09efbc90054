"""The folder of a benchmark: where everything lies, and what of the plan is done."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from minenetcd.benchmark.record import Failure, Record
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.configs.suite import Suite
from minenetcd.configs.yaml_text import parse_yaml
from minenetcd.errors import DataError, OptionError, one_line
from minenetcd.files import make_folder, slug, write_json, write_text
from minenetcd.foreign import read_text

SUITE, PLAN, RECORD, FAILURE = "suite.yaml", "plan.json", "record.json", "failure.json"

T = TypeVar("T")


@dataclass(frozen=True)
class State:
    """A suite and what of it is done: `records` and `failures` by the ids of the `cells`, which stand in order.

    A cell with a damaged record counts as failed, and is measured anew.
    """

    suite: Suite
    cells: Sequence[Cell]
    records: dict[str, Record]
    failures: dict[str, Failure]


class BenchmarkFolder:
    """Paths in the folder `path`; trainings are in `runs`, which several benchmarks may share."""

    def __init__(self, path: str | Path, runs: str | Path | None = None) -> None:
        self.path = Path(path)
        self.runs = Path(runs) if runs else self.path / "runs"
        self.tables, self.figures = self.path / "tables", self.path / "figures"

    def cell(self, cell: Cell) -> Path:
        """What the test of `cell` leaves."""
        return self.path / "cells" / cell.id

    def run(self, cell: Cell) -> Path:
        """The training of `cell`."""
        assert cell.run_id is not None, "trained weights are loaded, there is no run"
        return self.runs / cell.run_id

    def samples(self, dataset: str, fingerprint: str) -> Path:
        """Images of the pairs of `dataset` that sheets may show; another content has another folder."""
        return self.path / "samples" / f"{slug(dataset)}-{fingerprint[:8]}"

    def prepare(self, suite: Suite, cells: Sequence[Cell]) -> State:
        """Make it, or go on in it: its state. OptionError for another suite's results, OutputError for a bad place."""
        for folder in (self.path / "cells", self.runs, self.tables, self.figures):
            make_folder(folder)
        if (self.path / SUITE).exists() and (before := self.suite().name) != suite.name:
            raise OptionError(f"{str(self.path)!r} holds the results of the suite {before!r}: choose another --out.")
        write_text(self.path / SUITE, yaml.safe_dump(suite.model_dump(mode="json"), sort_keys=False, width=100))
        write_json(self.path / PLAN, [cell.as_json() for cell in cells])
        return self.state_of(suite, cells)

    def state(self) -> State:
        """All that is known on disk; DataError where there is no benchmark, or its suite or plan is damaged."""
        return self.state_of(self.suite(), self.cells())

    def state_of(self, suite: Suite, cells: Sequence[Cell]) -> State:
        """What of `cells` is done; nothing is written."""
        state = State(suite, cells, {}, {})
        for cell in cells:
            try:
                if (record := self.record(cell)) is not None:
                    state.records[cell.id] = record
                if (failure := self.failure(cell)) is not None:
                    state.failures[cell.id] = failure
            except DataError as error:
                state.failures[cell.id] = Failure(str(error), log="", when="")
        return state

    def suite(self) -> Suite:
        """The suite whose results these are; DataError where there are none."""
        path = self.path / SUITE
        if not path.exists():
            raise DataError(f"{str(self.path)!r} holds no benchmark: run one with 'minenetcd benchmark SUITE --out'.")
        with reading(path, "remove it, and run the suite again"):
            return Suite.read(parse_yaml(read_text(path, DataError), str(path)))

    def cells(self) -> list[Cell]:
        """The cells of the plan, in its order."""
        path = self.path / PLAN
        if not path.exists():
            raise DataError(f"{str(self.path)!r} has lost its {PLAN}: the call that made it writes it anew.")
        with reading(path, "remove it, and run the suite again"):
            return [_of_type(Cell, Cell.from_json(values)) for values in _read(path)]

    def record(self, cell: Cell) -> Record | None:
        """What was measured; None where the cell is not finished. DataError where the file is damaged."""
        path = self.cell(cell) / RECORD
        with reading(path):
            return _of_type(Record, Record.from_json(_read(path))) if path.exists() else None

    def failure(self, cell: Cell) -> Failure | None:
        """How the cell failed the last time; None where it did not. DataError where the file is damaged."""
        path = self.cell(cell) / FAILURE
        with reading(path):
            return _of_type(Failure, Failure(**_read(path))) if path.exists() else None

    def write_record(self, cell: Cell, record: Record) -> None:
        """The cell is finished: this is written last."""
        write_json(self.cell(cell) / RECORD, record.as_json())
        (self.cell(cell) / FAILURE).unlink(missing_ok=True)

    def write_failure(self, cell: Cell, failure: Failure) -> None:
        """The cell failed; it is tried again the next time."""
        make_folder(self.cell(cell))
        write_json(self.cell(cell) / FAILURE, asdict(failure))


@contextmanager
def reading(path: Path, advice: str = "remove its folder, and run again") -> Iterator[None]:
    """DataError, naming the file `path`, where what the block reads from it is damaged."""
    try:
        yield
    except Exception as error:  # each format has errors of its own for what is cut off or replaced
        fault = f"lacks {error}" if isinstance(error, KeyError) else f"cannot be read ({_reason(error)})"
        raise DataError(f"{str(path.parent)!r} has a {path.name} that {fault}: {advice}.") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return one_line(error)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _of_type(kind: Any, found: T) -> T:
    """`found`, each field of it of its type; ValidationError where one is not."""
    values: Any = found
    checked: T = _adapter(kind).validate_python(asdict(values))
    return checked


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
