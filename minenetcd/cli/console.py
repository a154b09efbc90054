"""What commands show: tables, numbers in words, and progress.

Results go to the output stream, so that they can be piped; progress goes to the error stream, and not into a log.
Rich is imported where something is drawn, so that `--help` answers at once.
"""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from minenetcd.constants import Note, Progress, no_note, no_progress
from minenetcd.display.escaping import in_terminal
from minenetcd.files import json_text
from minenetcd.secrets import without_secrets

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID
    from rich.table import Table


def digits(value: float | None, form: str = ".4f", *, unknown: str = "undefined") -> str:
    """`value` in the format `form`."""
    return unknown if value is None else f"{value:{form}}"


def is_terminal() -> bool:
    """Whether results go to a person's terminal, not to a file or another program."""
    return sys.stdout.isatty()


def table(
    *columns: str, right: Collection[str] = (), whole: Collection[str] = (), narrow: Mapping[str, int] | None = None
) -> "Table":
    """An empty table. `right`: columns of numbers; `whole`: never broken over lines; `narrow`: widest [characters]."""
    from rich import box
    from rich.table import Table

    ruled = is_terminal()
    made = Table(box=box.SIMPLE_HEAD if ruled else None, pad_edge=False, padding=(0, 1 if ruled else 2, 0, 0))
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=column in whole,
            max_width=(narrow or {}).get(column),
            overflow="fold",
        )
    return made


def print_rich(*parts: Any, markup: bool = False, end: str = "\n") -> None:
    """To a terminal in its width and colours; elsewhere as wide as it is, so that nothing is broken over lines.

    `markup`: "[red]" is a colour, and what comes from outside is escaped; else it is text.
    """
    from rich.console import Console

    if not markup:
        parts = tuple(_plain(part) if isinstance(part, str) else part for part in parts)
    wide: dict[str, Any] = {} if is_terminal() else {"width": 10_000, "no_color": True}
    Console(highlight=False, emoji=False, **wide).print(*parts, markup=markup, end=end)


def _plain(text: str) -> str:
    """With its lines."""
    return "\n".join(map(in_terminal, text.split("\n")))


def print_json(values: Any) -> None:
    """For other programs: all of it as one document."""
    print(json_text(values), end="")


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """For other programs: a line a row, tabs between."""
    for row in (columns, *rows):
        print("\t".join(map(in_terminal, row)))


def warn(warnings: Iterable[str]) -> None:
    """A line each on the error stream."""
    for warning in warnings:
        print(f"Warning: {in_terminal(without_secrets(warning))}", file=sys.stderr)


def note_to(*, quiet: bool = False) -> Note:
    """What puts a sentence on the error stream, above a bar that is drawn there; nothing where it is to be `quiet`."""
    return no_note if quiet else lambda sentence: print(in_terminal(without_secrets(sentence)), file=sys.stderr)


@contextmanager
def progress_bar(what: str, *, of_bytes: bool = False, quiet: bool = False) -> Iterator[Progress]:
    """A bar labelled `what`; call the yielded function with (done, of)."""
    with progress_bars(what, of_bytes=of_bytes, quiet=quiet) as (progress,):
        yield progress


@contextmanager
def progress_bars(*what: str, of_bytes: bool = False, quiet: bool = False) -> Iterator[list[Progress]]:
    """Bars of what is done one after the other, each seen from its beginning on; a function for each label."""
    if quiet or not sys.stderr.isatty():
        yield [no_progress] * len(what)
        return
    from rich.markup import escape

    with bars(of_bytes=of_bytes, transient=True) as drawn:
        tasks = [
            drawn.add_task(escape(without_secrets(label)), total=None, facts="", visible=not place)
            for place, label in enumerate(what)
        ]
        yield [partial(_show, drawn, task) for task in tasks]


def _show(drawn: "Bars", task: "TaskID", done: int, of: int) -> None:
    drawn.update(task, completed=done, total=of, visible=True)


def bars(*, of_bytes: bool = False, time_left: bool = True, transient: bool = False) -> "Bars":
    """Bars on the error stream, one a task: how much is done, how long the rest takes, and the task's field `facts`."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns: list[ProgressColumn] = [TextColumn("{task.description}"), BarColumn()]
    columns += [DownloadColumn(), TransferSpeedColumn()] if of_bytes else [MofNCompleteColumn()]
    columns += [TimeRemainingColumn()] if time_left else []
    facts = TextColumn("{task.fields[facts]}", style="dim")
    return Progress(*columns, facts, console=Console(stderr=True, emoji=False), transient=transient)
