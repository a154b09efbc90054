"""Pairs one after the other, each into its own folder: what is done stays, what fails is reported, the rest goes on."""

import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from minenetcd.constants import Note, Progress, no_note, no_progress
from minenetcd.display.words import area_in_words, counted, duration
from minenetcd.errors import MineNetCDError, OutputPathError, RunInterrupted, one_line
from minenetcd.files import check_not_input
from minenetcd.monitoring.pairs.asked import Asked
from minenetcd.monitoring.pairs.finished import FinishedPair, finished_in
from minenetcd.monitoring.pairs.table import ImagePair
from minenetcd.prediction.kept.unfinished import WorkOptions
from minenetcd.prediction.outputs import PATTERNS
from minenetcd.prediction.where.places import files_named


@dataclass(frozen=True, repr=False)
class PairOutcome:
    """How a pair ended: `finished`, in `folder`, or with an `error` of one line. `is_new`: it was computed now."""

    pair: ImagePair
    folder: Path
    finished: FinishedPair | None = None
    error: str | None = None
    is_new: bool = True

    @property
    def in_words(self) -> str:
        """How it ended, in a line."""
        found = self.finished
        if found is None:
            return f"failed: {self.error}"
        area = area_in_words(found.hectares, found.changed_pixels)
        when = f"in {duration(found.seconds)}" if self.is_new else "done before"
        return f"{area} changed in {counted(found.polygons, 'place')} ({when})"

    def __repr__(self) -> str:
        return f"<PairOutcome {self.pair.id}: {self.in_words}>"


def failures(outcomes: Iterable[PairOutcome]) -> dict[str, str]:
    """Id -> error, in one line, of the pairs that failed."""
    return {each.pair.id: each.error or "" for each in outcomes if each.finished is None}


@dataclass(frozen=True)
class Watching:
    """Who is told of the work: `pairs` done of all of them, tiles of the pair at work, and sentences."""

    pairs: Progress = no_progress
    tiles: Progress = no_progress
    note: Note = no_note


UNWATCHED = Watching()


def check_named(out: Path, names: Sequence[str], folder: Path, pairs: Sequence[ImagePair]) -> None:
    """OutputPathError where an option names one of the files `names` in `out`, or of a result in `folder`/ID."""
    named = dict.fromkeys(path for pair in pairs for path in files_named(pair.options))
    check_not_input(out, names, named)
    folders = {os.path.realpath(folder / pair.id) for pair in pairs}
    for path in named:
        within, name = os.path.split(os.path.realpath(path))
        if within in folders and any(fnmatch(name, pattern) for pattern in PATTERNS):
            raise OutputPathError(f"{path} is an input, and a result would replace it: name a copy elsewhere.")


def run_pairs(
    asked: Asked, pairs: Sequence[ImagePair], folder: Path, *, tmp: Path | None = None, watching: Watching = UNWATCHED
) -> Iterator[PairOutcome]:
    """The outcome of each of `pairs`, whose result is in `folder`/ID; those that are done are not computed again.

    A pair is done when its folder is complete and was made from the same files, by the same detector and options. What
    was begun of a pair goes on where it was, unless something is another now.
    """
    watching.pairs(0, len(pairs))
    for place, pair in enumerate(pairs, start=1):
        outcome = _outcome(asked, pair, folder / pair.id, WorkOptions(tmp, resume=True, replace=True), watching)
        watching.note(f"{pair.id}: {outcome.in_words}")
        watching.pairs(place, len(pairs))
        yield outcome


@contextmanager
def told_when_stopped(out: Path, outcomes: Sequence[PairOutcome], pairs: int) -> Iterator[None]:
    """Ctrl-C within the block is a RunInterrupted, which says how many of `pairs` have a result until then."""
    try:
        yield
    except KeyboardInterrupt as interruption:
        done = sum(each.finished is not None for each in outcomes)
        failed = f", {len(outcomes) - done} failed" if len(outcomes) > done else ""
        raise RunInterrupted(
            f"Stopped with {done} of {counted(pairs, 'pair')} done{failed}: the same command goes on in {out}.",
            getattr(interruption, "number", signal.SIGINT),
        ) from interruption


def _outcome(asked: Asked, pair: ImagePair, folder: Path, work: WorkOptions, watching: Watching) -> PairOutcome:
    """How the pair ends; where it fails, whatever it is, the next goes on."""
    try:
        return _done(asked, pair, folder, work, watching)
    except MineNetCDError as error:
        return PairOutcome(pair, folder, error=one_line(error))
    except Exception as error:  # of a library, or of somebody's detector
        return PairOutcome(pair, folder, error=one_line(error, with_kind=True))


def _done(asked: Asked, pair: ImagePair, folder: Path, work: WorkOptions, watching: Watching) -> PairOutcome:
    """The pair as it is, or as it is now computed."""
    made_from = asked.identity(pair.before, pair.after, pair.options)
    found = finished_in(folder, made_from)
    if found is not None and found.is_as_written(folder):
        return PairOutcome(pair, folder, found, is_new=False)
    if found is not None:
        watching.note(
            f"{pair.id}: its result was changed since (by rethreshold, say), and is computed anew as it is asked for."
        )
    with asked.predict(
        pair.before, pair.after, folder, pair.options, work=work, progress=watching.tiles, note=watching.note
    ) as result:
        assert result.saved is not None, "a result with a folder is saved"
        found = FinishedPair.of(result, result.saved, made_from)
    found.write(folder)
    return PairOutcome(pair, folder, found)
