"""minenetcd predict --pairs"""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from typer import Exit

from minenetcd.cli.console import note_to, print_json, progress_bars, warn
from minenetcd.display.escaping import in_terminal
from minenetcd.display.words import counted, some_of

if TYPE_CHECKING:
    import pandas as pd

    from minenetcd.monitoring.dates.monitor import MonitorResult
    from minenetcd.monitoring.pairs.asked import Asked
    from minenetcd.monitoring.pairs.predict_pairs import PairsPrediction
    from minenetcd.prediction.options import PredictOptions

#: What was found in many pairs: of a table, or of many dates.
Found = TypeVar("Found", "PairsPrediction", "MonitorResult")


def predict_table(
    asked: "Asked", table: Path, out: Path, options: "PredictOptions", *, tmp: Path | None, as_json: bool, quiet: bool
) -> None:
    """Read each pair of `table`, and print what was found; exit code 1 where one failed."""
    from minenetcd.monitoring.pairs.table import read_table

    note = note_to(quiet=quiet)
    pairs, others = read_table(table, options)
    if others:
        note(f"Columns of {table} that are no options, and are not used: {some_of(others, 12)}.")
    from minenetcd.monitoring.pairs.predict_pairs import predict_as_asked
    from minenetcd.monitoring.pairs.run import Watching

    with progress_bars("Pairs", "Detecting change", quiet=quiet) as (of_pairs, of_tiles):
        watching = Watching(of_pairs, of_tiles, note)
        found = predict_as_asked(asked, pairs, table, out, tmp=tmp, watching=watching)
    print_found(found, _as_json, as_json=as_json, quiet=quiet)


def print_found(found: Found, plain: Callable[[Found], dict[str, Any]], *, as_json: bool, quiet: bool) -> None:
    """What many pairs gave, as a line and files, or as JSON (`plain`); exit code 1 where one failed.

    On the error stream stands what there is to doubt, each doubt once with how many pairs it is of, and each failure.
    """
    if not quiet:
        done = [each.finished for each in found.outcomes if each.finished is not None]
        doubts = Counter(doubt for pair in done for doubt in pair.warnings)
        warn(f"{counted(count, 'pair')}: {doubt}" for doubt, count in doubts.items())
    if as_json:
        print_json(plain(found))
    else:
        print(found.in_words)
        for what, path in found.files.items():
            print(f"  {what.capitalize():<12} {in_terminal(str(path))}")
    for name, error in found.failed.items():
        print(in_terminal(f"Failed: {name}: {error}"), file=sys.stderr)
    if found.failed:
        raise Exit(1)


def plain_rows(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows as JSON holds them: None for what is not there, days as text."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(key): str(cell) if isinstance(cell, date) else cell for key, cell in row.items()} for row in rows]


def _as_json(found: "PairsPrediction") -> dict[str, Any]:
    return {
        "pairs": plain_rows(found.table),
        "hectares": found.hectares,
        "places": found.polygons,
        "failed": found.failed,
        "files": {what: str(path) for what, path in found.files.items()},
    }
