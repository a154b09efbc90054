"""A suite from beginning to end: what is done stays done, what fails is told, the rest goes on."""

import queue
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, Self

from minenetcd.benchmark.measuring.cell import measured_so_far
from minenetcd.benchmark.measuring.folder import BenchmarkFolder
from minenetcd.benchmark.measuring.pool import Event, Pool
from minenetcd.benchmark.report.write import write_report
from minenetcd.benchmark.results.table import write_table
from minenetcd.benchmark.suite.cells import Cell, expand
from minenetcd.benchmark.suite.plan import Costs, PlannedCell, Speeds
from minenetcd.benchmark.suite.remaining import Remaining
from minenetcd.configs.suite import Suite
from minenetcd.datasets.catalog import load_dataset
from minenetcd.errors import OptionError, RunInterrupted
from minenetcd.runtime.interruption import Interruption

#: How often an interruption is looked for. [seconds]
HEARTBEAT = 0.5

#: What the kernel sends to the process that takes too much memory.
SIGKILL = 9


class SuiteReporter(Protocol):
    """Hears how a suite goes; entered when the first cell starts and left when the last has ended."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...

    def plan(self, cells: int, finished: int) -> None:
        """So many cells, of which so many are finished already."""

    def started(self, cell: Cell) -> None: ...

    def progressed(self, cell: Cell, phase: str, done: int, of: int) -> None:
        """`phase` is "train", "look" (validation) or "test"."""

    def ended(self, cell: Cell, record: dict[str, Any] | None, error: str | None) -> None:
        """Finished, with its record, or failed."""

    def left(self, seconds: float | None) -> None:
        """An estimate until the end of all; None as long as there is none."""


class SilentSuite:
    """Tells nobody."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        pass

    def plan(self, cells: int, finished: int) -> None:
        pass

    def started(self, cell: Cell) -> None:
        pass

    def progressed(self, cell: Cell, phase: str, done: int, of: int) -> None:
        pass

    def ended(self, cell: Cell, record: dict[str, Any] | None, error: str | None) -> None:
        pass

    def left(self, seconds: float | None) -> None:
        pass


@dataclass(frozen=True)
class Benchmark:
    """How a suite ended: cells by state, and the report. `not_published`: there are no weights to load."""

    finished: Sequence[Cell]
    not_published: Sequence[Cell]
    failed: dict[str, str]  # id of the cell -> error
    report: Path


def run_suite(
    suite: Suite,
    out: str | Path,
    *,
    runs: str | Path | None = None,
    jobs: int = 1,
    device: str = "auto",
    reporter: SuiteReporter | None = None,
) -> Benchmark:
    """Measure every cell of `suite` that is not finished in the folder `out`, then write tables, figures and report.

    Trainings go to `runs` (by default `out`/runs); a folder that suites share trains what they have in common once.
    `jobs` cells are measured side by side, each in a process of its own: one that fails, or is killed, is reported and
    the rest go on. Killed or interrupted, the same call goes on with what is missing. Raises OptionError and
    UnknownNameError for a suite that does not fit, OutputError for `out`, RunInterrupted after Ctrl-C.
    """
    folder, cells = BenchmarkFolder(out, runs), expand(suite)
    folder.prepare(suite, cells)
    reporter = reporter or SilentSuite()
    finished = [(cell, record) for cell in cells if (record := folder.record(cell)) is not None]
    _refuse_changed_data(finished)
    todo = [cell for cell in cells if cell.is_available and folder.record(cell) is None]
    reporter.plan(len(finished) + len(todo), len(finished))
    if todo:
        _measure(
            todo, folder, Remaining(todo, finished, jobs), Pool(jobs, device, folder.path / "workers.log"), reporter
        )
    failures = {cell.id: folder.failure(cell) for cell in todo if folder.record(cell) is None}
    return Benchmark(
        finished=[cell for cell in cells if folder.record(cell) is not None],
        not_published=[cell for cell in cells if not cell.is_available],
        failed={cell_id: failure["error"] if failure else "not run" for cell_id, failure in failures.items()},
        report=write_report(folder),
    )


def plan_suite(suite: Suite, out: str | Path, runs: str | Path | None = None) -> list[PlannedCell]:
    """What `run_suite` would do and what it costs; nothing is written, downloaded or trained."""
    folder, cells, costs = BenchmarkFolder(out, runs), expand(suite), Costs()
    records = {cell.id: folder.record(cell) for cell in cells}
    measured = [(cell, costs.of(cell), found) for cell in cells if (found := measured_so_far(cell, folder)) is not None]
    speeds = Speeds.of(measured)
    planned = []
    for cell in cells:
        cost = costs.of(cell)
        idle = records[cell.id] is not None or not cell.is_available
        seconds = 0.0 if idle else speeds.seconds(cell, cost)
        planned.append(PlannedCell(cell, cost, seconds, _state(folder, cell, records[cell.id])))
    return planned


def _refuse_changed_data(finished: Iterable[tuple[Cell, Mapping[str, Any]]]) -> None:
    """OptionError where a data set on this disk is no longer the one that cells were measured on."""
    checked: dict[tuple[str, str], str] = {}
    for cell, record in finished:
        place = (cell.data, cell.test["split"])
        if place not in checked and Path(cell.data.partition("?")[0]).expanduser().exists():
            checked[place] = load_dataset(*place).facts.fingerprint
        if checked.get(place, record["data_fingerprint"]) != record["data_fingerprint"]:
            raise OptionError(
                f"{cell.data!r} has changed since {cell.id} was measured: choose another --out, where all cells are "
                "measured on it as it is now."
            )


def _state(folder: BenchmarkFolder, cell: Cell, record: dict[str, Any] | None) -> str:
    if record is not None:
        return "finished"
    if not cell.is_available:
        return "no published weights"
    if folder.failure(cell) is not None:
        return "failed, to be tried again"
    if cell.is_trained_here and any(folder.run(cell).glob("checkpoints/step-*.pt")):
        return "begun"
    return "to do"


def _measure(
    todo: Sequence[Cell], folder: BenchmarkFolder, remaining: Remaining, pool: Pool, reporter: SuiteReporter
) -> None:
    """Keep the pool busy until all cells have ended; RunInterrupted where the user stops it."""
    waiting = list(reversed(todo))
    with Interruption() as interruption, reporter:
        try:
            while (waiting or pool.is_busy) and not interruption.asked:
                while waiting and pool.has_room:
                    cell = waiting.pop()
                    pool.measure(cell, folder)
                    remaining.start(cell)
                    reporter.started(cell)
                try:
                    event = pool.events.get(timeout=HEARTBEAT)
                except queue.Empty:
                    continue
                _hear(event, folder, remaining, pool, reporter)
                reporter.left(remaining.seconds())
        finally:
            pool.stop()
    if interruption.asked:
        raise RunInterrupted(
            f"Stopped with {sum(folder.record(cell) is not None for cell in todo)} of {len(todo)} cells finished, "
            f"trainings saved: the same command goes on in {folder.path}."
        )


def _hear(event: Event, folder: BenchmarkFolder, remaining: Remaining, pool: Pool, reporter: SuiteReporter) -> None:
    worker, message = event.worker, event.message
    cell = worker.cell
    if message is None:
        pool.forget(worker)
        if cell is not None:
            _fail(cell, _ending(event.returncode), folder, remaining, reporter)
    elif cell is not None and message["kind"] == "progress":
        remaining.progress(cell, message["phase"], message["done"], message["of"])
        reporter.progressed(cell, message["phase"], message["done"], message["of"])
    elif cell is not None and message["kind"] == "finished":
        worker.cell = None
        remaining.end(cell, message["record"])
        reporter.ended(cell, message["record"], None)
        write_table(folder)
    elif cell is not None and message["kind"] in ("failed", "interrupted"):
        worker.cell = None
        pool.forget(worker)  # it ends by itself
        _fail(cell, message.get("error", "it was stopped from outside"), folder, remaining, reporter)


def _fail(cell: Cell, error: str, folder: BenchmarkFolder, remaining: Remaining, reporter: SuiteReporter) -> None:
    when = datetime.now(UTC).isoformat(timespec="seconds")
    folder.write_failure(cell, {"error": error, "log": f"cells/{cell.id}/log.txt", "when": when})
    remaining.end(cell, None)
    reporter.ended(cell, None, error)


def _ending(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        hint = ": most likely the machine ran out of memory" if returncode == -SIGKILL else ""
        return f"its process was killed by signal {-returncode}{hint}"
    return f"its process ended by itself (exit code {returncode})"
