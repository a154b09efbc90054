"""A benchmark on the terminal: a bar for each running cell and one for all, a line that stays for each that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from minenetcd.benchmark.suite.cells import Cell

_PHASES = {"train": "training", "look": "validating", "test": "testing"}


class SuiteProgress:
    """Hears of a suite (see SuiteReporter) and shows it on the error stream."""

    def __init__(self) -> None:
        facts = TextColumn("{task.fields[facts]}", style="dim")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), facts)
        self.progress = Progress(*columns, console=Console(stderr=True))
        self.all = self.progress.add_task("Cells", total=None, facts="")
        self.tasks: dict[str, TaskID] = {}
        self.told = 0.0  # cells done when a log last heard of the time that is left

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, *failure: object) -> None:
        for task in self.tasks.values():
            self.progress.remove_task(task)
        self.progress.stop()

    def plan(self, cells: int, finished: int) -> None:
        self.progress.update(self.all, total=cells, completed=finished)
        if finished:
            self._say(f"{finished} of {cells} cells are finished already")

    def started(self, cell: Cell) -> None:
        self.tasks[cell.id] = self.progress.add_task(f"  {_name(cell)}", total=None, facts="starting")
        if not self.progress.console.is_terminal:  # bars are not drawn into a log
            self._say(f"started  {_name(cell)}")

    def progressed(self, cell: Cell, phase: str, done: int, of: int) -> None:
        self.progress.update(self.tasks[cell.id], completed=done, total=of, facts=_PHASES[phase])

    def ended(self, cell: Cell, record: dict[str, Any] | None, error: str | None) -> None:
        self.progress.remove_task(self.tasks.pop(cell.id))
        self.progress.advance(self.all)
        if record is None:
            self._say(f"[red]failed[/]  {_name(cell)}: {escape(str(error))}")
        else:
            f1 = "undefined" if record["f1"] is None else f"{record['f1']:.4f}"
            self._say(f"F1 {f1}  {_name(cell)}")

    def left(self, seconds: float | None) -> None:
        facts = "" if seconds is None else f"about {_duration(seconds)} left"
        self.progress.update(self.all, facts=facts)
        done, of = self.progress.tasks[self.all].completed, self.progress.tasks[self.all].total
        if facts and not self.progress.console.is_terminal and done > self.told:
            self.told = done
            self._say(f"{done:.0f} of {of:.0f} cells, {facts}")

    def _say(self, text: str) -> None:
        self.progress.console.print(text, highlight=False)


def _name(cell: Cell) -> str:
    seed = None if cell.seed is None else f"seed {cell.seed}"
    return escape(", ".join(part for part in (cell.label, cell.dataset, cell.recipe, seed) if part))


def _duration(seconds: float) -> str:
    if seconds >= 7200:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
