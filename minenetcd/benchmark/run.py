"""A suite from beginning to end: what is done stays done, what fails is reported, the rest goes on."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from minenetcd.benchmark.folder import BenchmarkFolder, State
from minenetcd.benchmark.measuring.cell import measured_so_far
from minenetcd.benchmark.record import Failure, Record
from minenetcd.benchmark.report.write import write_report
from minenetcd.benchmark.results.table import results_table, write_table
from minenetcd.benchmark.suite.cells import Cell, expand
from minenetcd.benchmark.suite.plan import Costs, PlannedCell, Speeds
from minenetcd.benchmark.suite.remaining import Remaining
from minenetcd.configs.suite import Suite
from minenetcd.datasets.catalog import load_dataset
from minenetcd.errors import OptionError
from minenetcd.files import from_home, one_run_in
from minenetcd.runtime.interruption import Interruption
from minenetcd.runtime.pool import Event, Failed, Finished, Progressed, Started, Task, run_tasks
from minenetcd.runtime.reporting import Reporter

#: What a worker calls for a cell.
MEASURE = "minenetcd.benchmark.measuring.cell:measure_cell"

LOG = "log.txt"


class SuiteReporter(Reporter):
    """Entered when the first cell starts and left when the last has ended; shows nothing, as every Reporter."""

    def plan(self, cells: int, finished: int) -> None:
        """So many cells, of which so many are finished already."""

    def started(self, cell: Cell) -> None:
        """A process measures the cell now."""

    def progressed(self, cell: Cell, phase: str, done: int, of: int) -> None:
        """`phase` is "train", "validate" or "test"."""

    def ended(self, cell: Cell, record: Record | None, error: str | None) -> None:
        """Finished, with its record, or failed."""

    def remaining(self, seconds: float | None) -> None:
        """An estimate until the end of all; None as long as there is none."""


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
    UnknownNameError for a suite that does not fit, OutputError for `out`, or where it is in use, RunInterrupted after
    Ctrl-C.
    """
    folder, cells = BenchmarkFolder(out, runs), expand(suite)
    with one_run_in(folder.path):
        return _run(suite, folder, cells, jobs=jobs, device=device, reporter=reporter or SuiteReporter())


def _run(
    suite: Suite, folder: BenchmarkFolder, cells: list[Cell], *, jobs: int, device: str, reporter: SuiteReporter
) -> Benchmark:
    """Measure what is missing of `cells` in `folder`, of which no other process makes results meanwhile."""
    state = folder.prepare(suite, cells)
    finished = [(cell, state.records[cell.id]) for cell in cells if cell.id in state.records]
    _refuse_changed_data(finished)
    todo = [cell for cell in cells if cell.is_available and cell.id not in state.records]
    reporter.plan(len(finished) + len(todo), len(finished))
    if todo:
        _measure(
            todo,
            folder,
            state,
            Remaining(todo, [(cell, record.timing) for cell, record in finished], jobs),
            reporter,
            jobs=jobs,
            device=device,
        )
    failures = {cell.id: state.failures.get(cell.id) for cell in todo if cell.id not in state.records}
    return Benchmark(
        finished=[cell for cell in cells if cell.id in state.records],
        not_published=[cell for cell in cells if not cell.is_available],
        failed={cell_id: failure.error if failure else "not run" for cell_id, failure in failures.items()},
        report=write_report(folder, state),
    )


def plan_suite(suite: Suite, out: str | Path, runs: str | Path | None = None) -> list[PlannedCell]:
    """What `run_suite` would do and what it costs; nothing is written, downloaded or trained."""
    folder, cells, costs = BenchmarkFolder(out, runs), expand(suite), Costs()
    state = folder.state_of(suite, cells)
    so_far = {cell.id: measured_so_far(cell, state.records.get(cell.id), folder) for cell in cells}
    measured = [(cell, costs.of(cell), found) for cell in cells if (found := so_far[cell.id]) is not None]
    speeds = Speeds.of(measured)
    planned = []
    for cell in cells:
        cost = costs.of(cell)
        idle = cell.id in state.records or not cell.is_available
        seconds = 0.0 if idle else speeds.seconds(cell, cost)
        planned.append(PlannedCell(cell, cost, seconds, _word(folder, cell, state)))
    return planned


def _refuse_changed_data(finished: Iterable[tuple[Cell, Record]]) -> None:
    """OptionError where a data set on this disk is no longer the one that cells were measured on."""
    checked: dict[tuple[str, str], str] = {}
    for cell, record in finished:
        place, measured_on = (cell.data, cell.test.split), record.metrics.data.fingerprint
        if place not in checked and from_home(cell.data.partition("?")[0]).exists():
            checked[place] = load_dataset(*place).facts.fingerprint
        if checked.get(place, measured_on) != measured_on:
            raise OptionError(
                f"{cell.data!r} has changed since {cell.id} was measured: choose another --out, where all cells are "
                "measured on it as it is now."
            )


def _word(folder: BenchmarkFolder, cell: Cell, state: State) -> str:
    if cell.id in state.records:
        return "finished"
    if not cell.is_available:
        return "no published weights"
    if cell.id in state.failures:
        return "failed, to be tried again"
    if cell.is_trained_here and any(folder.run(cell).glob("checkpoints/step-*.pt")):
        return "begun"
    return "to do"


def _measure(
    todo: Sequence[Cell],
    folder: BenchmarkFolder,
    state: State,
    remaining: Remaining,
    reporter: SuiteReporter,
    *,
    jobs: int,
    device: str,
) -> None:
    """Measure all cells of `todo`, each in a process, and note it in `state`; RunInterrupted where the user stops."""
    cells = {cell.id: cell for cell in todo}
    tasks = [_task(cell, folder, device) for cell in todo]
    log = folder.path / "workers.log"
    with Interruption() as interruption, reporter:
        running = run_tasks(tasks, workers=jobs, log=log, device=device, stopped=lambda: interruption.requested)
        with closing(running) as events:
            for event in events:
                _handle(event, cells[event.task.name], folder, state, remaining, reporter)
                reporter.remaining(remaining.seconds())
    if interruption.requested:
        raise interruption.error(
            f"Stopped with {sum(cell.id in state.records for cell in todo)} of {len(todo)} cells finished, "
            f"trainings saved: the same command goes on in {folder.path}."
        )


def _task(cell: Cell, folder: BenchmarkFolder, device: str) -> Task:
    arguments = {"cell": cell.as_json(), "out": str(folder.path), "runs": str(folder.runs), "device": device}
    return Task(cell.id, MEASURE, arguments, log=str(folder.cell(cell) / LOG))


def _handle(
    event: Event, cell: Cell, folder: BenchmarkFolder, state: State, remaining: Remaining, reporter: SuiteReporter
) -> None:
    match event:
        case Started():
            remaining.start(cell)
            reporter.started(cell)
        case Progressed():
            remaining.progress(cell, event.phase, event.done, event.of)
            reporter.progressed(cell, event.phase, event.done, event.of)
        case Finished():
            record = state.records[cell.id] = Record.from_json(event.result)
            remaining.end(cell, record.timing)
            reporter.ended(cell, record, None)
            write_table(results_table(state), folder.path)
        case Failed():
            when = datetime.now(UTC).isoformat(timespec="seconds")
            failure = state.failures[cell.id] = Failure(event.error, f"cells/{cell.id}/{LOG}", when)
            folder.write_failure(cell, failure)
            remaining.end(cell, None)
            reporter.ended(cell, None, event.error)
