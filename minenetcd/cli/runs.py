"""minenetcd runs"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument

if TYPE_CHECKING:
    from minenetcd.training.records.runs import Run

COLUMNS = ("Run", "Model", "Data", "Recipe", "Steps", "Best F1", "At step", "State")


def runs(folder: Annotated[Path, Argument(help="Folder that holds runs.")] = Path("runs")) -> None:
    """List the runs in a folder, best validation score first.

    Example: minenetcd runs experiments
    """
    from minenetcd.training.records.runs import list_runs

    rows = [_cells(run) for run in list_runs(folder)]
    if not sys.stdout.isatty():  # for other programs: a line a run, tabs between
        for row in (COLUMNS, *rows):
            print("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _cells(run: "Run") -> tuple[str, ...]:
    return (
        run.name,
        run.model,
        run.data.rstrip("/").split("/")[-1],
        run.recipe,
        f"{run.steps:,}",
        "-" if run.best_f1 is None else f"{run.best_f1:.4f}",
        "-" if run.best_step is None else f"{run.best_step:,}",
        "finished" if run.finished else "not finished",
    )
