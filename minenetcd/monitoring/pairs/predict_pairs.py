"""A table of pairs in, a folder of results for each out; all of them in one table, one map, one file of polygons."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from minenetcd.constants import Progress, no_progress
from minenetcd.detectors.contract import Detector
from minenetcd.display.words import counted, number
from minenetcd.files import check_not_input, check_writable, one_run_in, staged_files
from minenetcd.files.hidden import is_recent_work
from minenetcd.monitoring.pairs.asked import Asked
from minenetcd.monitoring.pairs.finished import FinishedPair
from minenetcd.monitoring.pairs.pages import index_page, map_drawing, map_page
from minenetcd.monitoring.pairs.polygons import write_polygons
from minenetcd.monitoring.pairs.run import (
    UNWATCHED,
    PairOutcome,
    Watching,
    check_named,
    failures,
    run_pairs,
    told_when_stopped,
)
from minenetcd.monitoring.pairs.summary import summary_csv, summary_frame
from minenetcd.monitoring.pairs.table import ImagePair, read_table
from minenetcd.prediction.options import PredictOptions

INDEX, SUMMARY, POLYGONS, MAP = "index.html", "summary.csv", "polygons.parquet", "map.html"
NAMES = SUMMARY, INDEX, MAP, POLYGONS

DEFAULT_OPTIONS = PredictOptions()


@dataclass(frozen=True, repr=False)
class PairsPrediction:
    """What `predict_pairs` found: `outcomes` in the order of the table, results in `folder`/ID."""

    folder: Path
    outcomes: tuple[PairOutcome, ...]

    @property
    def failed(self) -> dict[str, str]:
        """Id -> error, in one line, of the pairs that failed."""
        return failures(self.outcomes)

    @property
    def done(self) -> int:
        """How many pairs have a result."""
        return len(self.outcomes) - len(self.failed)

    @property
    def hectares(self) -> float:
        """What changed in all pairs that have a place on Earth."""
        return sum(each.hectares or 0.0 for each in self._finished)

    @property
    def polygons(self) -> int:
        """Separate changes of all pairs."""
        return sum(each.polygons for each in self._finished)

    @property
    def files(self) -> dict[str, Path]:
        """What stands beside the folders of the pairs, by what it holds."""
        names = {"index": INDEX, "table": SUMMARY, "polygons": POLYGONS, "map": MAP}
        return {what: self.folder / name for what, name in names.items()}

    @property
    def table(self) -> pd.DataFrame:
        """A row a pair, as in summary.csv."""
        return summary_frame(self.outcomes)

    @property
    def in_words(self) -> str:
        """What was found, in a line."""
        kept = sum(not each.is_new for each in self.outcomes)
        before = f" ({kept} of them before)" if kept else ""
        failed = f", {len(self.failed)} failed" if self.failed else ""
        placed, pictures = ([each for each in self._finished if (each.hectares is None) == no] for no in (False, True))
        found = []
        if placed or not pictures:
            found.append(f"{number(self.hectares)} ha changed in {_places(placed)}")
        if pictures:
            pixels = sum(each.changed_pixels for each in pictures)
            found.append(f"{pixels:,} pixels in {_places(pictures)} of {counted(len(pictures), 'pair')} without a size")
        return f"{counted(len(self.outcomes), 'pair')}: {self.done} done{before}{failed}; {', '.join(found)}"

    @property
    def _finished(self) -> list[FinishedPair]:
        return [each.finished for each in self.outcomes if each.finished is not None]

    def __repr__(self) -> str:
        return f"<PairsPrediction in {self.folder}: {self.in_words}>"


def _places(pairs: Sequence[FinishedPair]) -> str:
    """How many separate changes there are in them."""
    return counted(sum(each.polygons for each in pairs), "place")


def predict_pairs(
    detector: Detector | Literal["auto"],
    table: str | Path,
    out: str | Path,
    *,
    options: PredictOptions = DEFAULT_OPTIONS,
    second: Detector | None = None,
    device: str = "auto",
    tmp: str | Path | None = None,
    progress: Progress = no_progress,
) -> PairsPrediction:
    """Map what changed in each pair of a table, one after the other.

    `table`: CSV (commas or semicolons), GeoJSON, GeoPackage or Parquet with columns `id`, `before` and `after`; paths
    are relative to its folder. Columns named as options state them for their row (`pairs.table.OPTION_COLUMNS`);
    `options` hold elsewhere. `detector`, `second`, `device` and `tmp` as in `predict_scene`. Each pair has its complete
    result in `out`/ID; beside them stand index.html, summary.csv, polygons.parquet and map.html.
    A pair that fails is in `failed`, and the rest go on; called again, what is done and made from the same is kept.
    `progress`: pairs done of all. DataError or OptionError for a bad table, before anything is written; OutputError for
    `out`, or where another run is at work there; RunInterrupted after Ctrl-C.
    """
    asked = Asked.of(detector, second, device)
    pairs, _ = read_table(table, options)
    work = None if tmp is None else Path(tmp)
    return predict_as_asked(asked, pairs, Path(table), Path(out), tmp=work, watching=Watching(pairs=progress))


def predict_as_asked(
    asked: Asked,
    pairs: Sequence[ImagePair],
    table: Path,
    out: Path,
    *,
    tmp: Path | None = None,
    watching: Watching = UNWATCHED,
) -> PairsPrediction:
    """`predict_pairs` of the `pairs` that were read from `table`."""
    asked.make_ready()
    check_writable(out, NAMES)
    check_not_input(out, NAMES, [table])
    check_named(out, NAMES, out, pairs)
    outcomes: list[PairOutcome] = []
    # recent work is that of a pair that goes on
    with one_run_in(out, keep=is_recent_work), told_when_stopped(out, outcomes, len(pairs)):
        for outcome in run_pairs(asked, pairs, out, tmp=tmp, watching=watching):
            outcomes.append(outcome)
        found = PairsPrediction(out, tuple(outcomes))
        _write(found, table)
    return found


def _write(found: PairsPrediction, table: Path) -> None:
    """What stands beside the folders, all of it or none."""
    with staged_files(found.folder, NAMES) as folder:
        (folder / SUMMARY).write_text(summary_csv(found.table), encoding="utf-8", newline="")
        write_polygons(folder / POLYGONS, found.outcomes)
        drawing = map_drawing(found.outcomes)
        (folder / MAP).write_text(map_page(found.outcomes, drawing), encoding="utf-8")
        (folder / INDEX).write_text(index_page(found.outcomes, table.name, drawing), encoding="utf-8")
