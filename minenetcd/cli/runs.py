"""minenetcd runs"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument

from minenetcd.cli.console import digits, is_terminal, print_rich, print_rows, table, warn

if TYPE_CHECKING:
    from minenetcd.training.records.runs import Run

COLUMNS = ("Run", "Model", "Data", "Recipe", "Steps", "Best F1", "At step", "State")


def runs(folder: Annotated[Path, Argument(help="Folder that holds runs.")] = Path("runs")) -> None:
    """List the runs in a folder, best validation score first.

    Example: minenetcd runs experiments
    """
    from minenetcd.training.records.runs import list_runs

    rows = [_cells(run) for run in list_runs(folder, on_damage=lambda error: warn([str(error)]))]
    if not is_terminal():
        print_rows(COLUMNS, rows)
        return
    shown = table(*COLUMNS, right=("Steps", "Best F1", "At step"))
    for row in rows:
        shown.add_row(*row)
    print_rich(shown)


def _cells(run: "Run") -> tuple[str, ...]:
    return (
        run.name,
        run.model,
        run.data.rstrip("/").split("/")[-1],
        run.recipe,
        f"{run.steps:,}",
        digits(run.best_f1, unknown="-"),
        digits(run.best_step, ",", unknown="-"),
        "finished" if run.finished else "not finished",
    )
