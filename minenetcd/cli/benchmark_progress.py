"""A benchmark on the terminal: a bar for each running cell and one for all, a line that stays for each that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.markup import escape
from rich.progress import TaskID

from minenetcd.benchmark.run import SuiteReporter
from minenetcd.cli.console import bars, digits
from minenetcd.display.words import duration

if TYPE_CHECKING:
    from minenetcd.benchmark.record import Record
    from minenetcd.benchmark.suite.cells import Cell

_PHASES = {"train": "training", "validate": "validating", "test": "testing"}


class SuiteProgress(SuiteReporter):
    """Shows a suite on the error stream."""

    def __init__(self) -> None:
        self.bars = bars(time_left=False)
        self.all = self.bars.add_task("Cells", total=None, facts="")
        self.tasks: dict[str, TaskID] = {}
        self.printed = 0.0  # cells done when the time that is left was last printed into a log

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *failure: object) -> None:
        for task in self.tasks.values():
            self.bars.remove_task(task)
        self.bars.stop()

    def plan(self, cells: int, finished: int) -> None:
        self.bars.update(self.all, total=cells, completed=finished)
        if finished:
            self._print(f"{finished} of {cells} cells are finished already")

    def started(self, cell: Cell) -> None:
        self.tasks[cell.id] = self.bars.add_task(f"  {_name(cell)}", total=None, facts="starting")
        if not self.bars.console.is_terminal:  # bars are not drawn into a log
            self._print(f"started  {_name(cell)}")

    def progressed(self, cell: Cell, phase: str, done: int, of: int) -> None:
        self.bars.update(self.tasks[cell.id], completed=done, total=of, facts=_PHASES[phase])

    def ended(self, cell: Cell, record: Record | None, error: str | None) -> None:
        self.bars.remove_task(self.tasks.pop(cell.id))
        self.bars.advance(self.all)
        if record is None:
            self._print(f"[red]failed[/]  {_name(cell)}: {escape(str(error))}")
        else:
            self._print(f"F1 {digits(record.metrics.counts.f1)}  {_name(cell)}")

    def remaining(self, seconds: float | None) -> None:
        facts = "" if seconds is None else f"about {duration(seconds)} left"
        self.bars.update(self.all, facts=facts)
        done, of = self.bars.tasks[self.all].completed, self.bars.tasks[self.all].total
        if facts and not self.bars.console.is_terminal and done > self.printed:
            self.printed = done
            self._print(f"{done:.0f} of {of:.0f} cells, {facts}")

    def _print(self, text: str) -> None:
        self.bars.console.print(text, highlight=False)


def _name(cell: Cell) -> str:
    seed = None if cell.seed is None else f"seed {cell.seed}"
    return escape(", ".join(part for part in (cell.label, cell.dataset, cell.recipe, seed) if part))
