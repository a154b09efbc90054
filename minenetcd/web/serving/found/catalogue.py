"""Finds results in folders, and names them: what the browser asks for by id, never by path."""

import hashlib
import logging
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from minenetcd.accuracy.record import RECORD
from minenetcd.errors import InputError
from minenetcd.files.names import slug
from minenetcd.foreign import folders_of, refused
from minenetcd.monitoring.dates.monitor import PAIRS, TIMELINE
from minenetcd.monitoring.pairs.predict_pairs import INDEX, SUMMARY
from minenetcd.prediction.outputs import DETAILS
from minenetcd.web.serving.problems import NotThere

#: Folders in folders are looked through so deep, and no more of them than these.
DEEPEST, MOST_FOLDERS = 4, 100_000
#: Results that come are seen after so long [seconds], or so many times as long as looking takes.
LOOK_AGAIN, REST = 2.0, 10.0
#: Of an id.
_LONGEST = 80

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A folder that can be shown, called `id`.

    `group`: the title of the set that it belongs to; `of_series`: whether that is a series of dates.
    """

    id: str
    folder: Path
    group: str | None = None
    of_series: bool = False


@dataclass(frozen=True)
class Contents:
    """All that was found: results of one pair, series of dates, tables of many pairs, and samples of maps to judge.

    `is_all`: False where there are more folders than are looked through.
    """

    results: dict[str, Found]
    series: dict[str, Found]
    tables: dict[str, Found]
    samples: dict[str, Found]
    is_all: bool = True

    @property
    def warnings(self) -> list[str]:
        """What its reader is to know of it."""
        if self.is_all:
            return []
        return [
            f"Of these folders the first {MOST_FOLDERS:,} were looked through, there are more: name those that hold "
            "the results you need."
        ]


class Catalogue:
    """What lies in the folders `roots`; looked through again when it is asked for, but not more often than LOOK_AGAIN.

    No link is followed from there on. For threads: what is known by its id, and still there, is given at once, while
    another looks.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = [root.resolve() for root in roots]
        self._looking = Lock()
        self._contents = Contents({}, {}, {}, {})
        self._due = float("-inf")
        self._is_asked = False

    @property
    def contents(self) -> Contents:
        with self._looking:
            began = time.monotonic()
            if self._is_asked or began > self._due:
                self._is_asked = False  # before: what comes while it looks is looked for again
                found = find(self.roots)
                if found.warnings and not self._contents.warnings:
                    _LOG.warning("%s", *found.warnings)
                self._contents = found
                now = time.monotonic()
                self._due = now + max(LOOK_AGAIN, REST * (now - began))
            return self._contents

    def look_again(self) -> None:
        """When it is asked for next."""
        self._is_asked = True

    def result(self, id: str) -> Found:
        """NotThere where none is called so."""
        return self._known("result", lambda contents: contents.results, id)

    def series(self, id: str) -> Found:
        return self._known("series of dates", lambda contents: contents.series, id)

    def table(self, id: str) -> Found:
        return self._known("table of pairs", lambda contents: contents.tables, id)

    def sample(self, id: str) -> Found:
        return self._known("sample", lambda contents: contents.samples, id)

    def _known(self, what: str, kind: Callable[[Contents], dict[str, Found]], id: str) -> Found:
        found = kind(self._contents).get(id)
        if found is None or not found.folder.is_dir():
            found = kind(self.contents).get(id)
        if found is None:
            raise NotThere(f"There is no {what} of that name: go back to the list.")
        return found


def check_roots(roots: Sequence[Path]) -> None:
    """InputError for one that is no folder, or holds nothing to show."""
    for root in roots:
        if not root.is_dir():
            raise InputError(f"A folder with a result is needed, there is no folder {root}: name another.")
        found = find([root.resolve()])
        if not (found.results or found.series or found.tables or found.samples):
            raise InputError(
                f"A folder with results is needed, {root} holds none: name one that minenetcd predict, monitor or "
                "accuracy sample has written, or one that holds such folders."
            )


def find(roots: Sequence[Path]) -> Contents:
    """Every result in `roots`, and what belongs together: of more than MOST_FOLDERS those that lie least deep."""
    kinds: dict[str, list[_Place]] = {"result": [], "series": [], "table": [], "sample": []}
    seen: set[tuple[str, Path]] = set()
    waiting = deque(_Looked(root, root, root.name, 0) for root in dict.fromkeys(roots))
    for _ in range(MOST_FOLDERS):
        if not waiting:
            break
        places, inside = _looked_through(waiting.popleft())
        waiting.extend(inside)
        for place in places:
            if (place.kind, place.folder) not in seen:
                seen.add((place.kind, place.folder))
                kinds[place.kind].append(place)
    results, series, tables, samples = (_named(kinds[kind]) for kind in kinds)
    return Contents(results, series, tables, samples, is_all=not waiting)


@dataclass(frozen=True)
class _Place:
    kind: str
    folder: Path
    name: str
    group: str | None
    of_series: bool = False


@dataclass(frozen=True)
class _Looked:
    """A folder that is looked through, so deep in `root`; `group`: the set that what is in it belongs to."""

    folder: Path
    root: Path
    name: str
    depth: int
    group: str | None = None
    of_series: bool = False

    def inside(self, folder: Path, kind: str | None) -> "_Looked":
        """A folder in it, where it is of that kind itself; the pairs of a series are named as its own."""
        group = self.group if kind is None else self.folder.name
        is_shelf = kind == "series" and folder.name == PAIRS
        name = self.name if is_shelf else f"{self.name}/{folder.name}"
        return _Looked(folder, self.root, name, self.depth + 1, group, self.of_series or is_shelf)


def _looked_through(looked: _Looked) -> tuple[list[_Place], list[_Looked]]:
    """What a folder is, and the folders in it that are to be looked through."""
    folder, within = looked.folder, folders_of(looked.root)
    names, folders = _names_in(folder)

    def holds(*wanted: str) -> bool:
        """Whether those files are there, and are not only links out of the folder that was named."""
        return all(name in names and refused(folder / name, within=within) is None for name in wanted)

    if holds(DETAILS):
        return [_Place("result", folder, looked.name, looked.group, looked.of_series)], []
    places = [_Place("sample", folder, looked.name, looked.group)] if holds(RECORD) else []
    kind = "series" if holds(TIMELINE) else "table" if holds(SUMMARY, INDEX) else None
    if kind is not None:
        places.append(_Place(kind, folder, looked.name, None))
    deeper = folders if looked.depth < DEEPEST else []
    return places, [looked.inside(folder / name, kind) for name in deeper]


def _names_in(folder: Path) -> tuple[set[str], list[str]]:
    """All names in it, and in order those of folders that are not hidden."""
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError:  # it is gone, or nobody may look into it
        return set(), []
    return set(found), sorted(name for name, is_folder in found.items() if is_folder and not name.startswith("."))


def _named(places: Sequence[_Place]) -> dict[str, Found]:
    """Each by an id of its name; those that share one get a part of a hash of where they are."""
    ids = [slug(place.name.replace("/", "-") or "result", _LONGEST) for place in places]
    often = Counter(ids)
    found = {}
    for place, id in zip(places, ids, strict=True):
        mark = hashlib.sha256(os.fsencode(place.folder)).hexdigest()[:8]
        own = id if often[id] == 1 else f"{id}-{mark}"
        found[own] = Found(own, place.folder, place.group, place.of_series)
    return found
