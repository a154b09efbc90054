"""The folder of a benchmark: where everything lies, and what of the plan is done."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from minenetcd.benchmark.record import Failure, Record
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.configs.suite import Suite
from minenetcd.errors import DataError, OptionError
from minenetcd.files import make_folder, slug, write_json, write_text

SUITE, PLAN, RECORD, FAILURE = "suite.yaml", "plan.json", "record.json", "failure.json"


@dataclass(frozen=True)
class State:
    """A suite and what of it is done: `records` and `failures` by the ids of the `cells`, which stand in order."""

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
        return self._state(suite, cells)

    def state(self) -> State:
        """All that is known on disk; DataError where there is no benchmark."""
        return self._state(self.suite(), self.cells())

    def _state(self, suite: Suite, cells: Sequence[Cell]) -> State:
        records = {cell.id: record for cell in cells if (record := self.record(cell)) is not None}
        failures = {cell.id: failure for cell in cells if (failure := self.failure(cell)) is not None}
        return State(suite, cells, records, failures)

    def suite(self) -> Suite:
        """The suite whose results these are; DataError where there are none."""
        path = self.path / SUITE
        if not path.exists():
            raise DataError(f"{str(self.path)!r} holds no benchmark: run one with 'minenetcd benchmark SUITE --out'.")
        return Suite.read(yaml.safe_load(path.read_text(encoding="utf-8")))

    def cells(self) -> list[Cell]:
        """The cells of the plan, in its order."""
        plan = _read(self.path / PLAN)
        if plan is None:
            raise DataError(f"{str(self.path)!r} has lost its {PLAN}: the call that made it writes it anew.")
        return [Cell.from_json(values) for values in plan]

    def record(self, cell: Cell) -> Record | None:
        """What was measured; None where the cell is not finished. DataError where the file lacks something."""
        values = _read(self.cell(cell) / RECORD)
        try:
            return None if values is None else Record.from_json(values)
        except (KeyError, TypeError) as error:
            raise DataError(
                f"The finished cell {str(self.cell(cell))!r} has a {RECORD} that lacks {error}: remove its folder, and "
                "run again."
            ) from error

    def failure(self, cell: Cell) -> Failure | None:
        """How the cell failed the last time; None where it did not."""
        values = _read(self.cell(cell) / FAILURE)
        return None if values is None else Failure(**values)

    def write_record(self, cell: Cell, record: Record) -> None:
        """The cell is finished: this is written last."""
        write_json(self.cell(cell) / RECORD, record.as_json())
        (self.cell(cell) / FAILURE).unlink(missing_ok=True)

    def write_failure(self, cell: Cell, failure: Failure) -> None:
        """The cell failed; it is tried again the next time."""
        make_folder(self.cell(cell))
        write_json(self.cell(cell) / FAILURE, asdict(failure))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
