"""Progress bars, drawn on the error stream so that results can be piped."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from minenetcd.constants import Progress as ProgressFunction
from minenetcd.constants import no_progress


@contextmanager
def progress_bar(what: str) -> Iterator[ProgressFunction]:
    """A bar labelled `what`; call the yielded function with (done, of)."""
    if not sys.stderr.isatty():  # nothing is drawn into a log
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
