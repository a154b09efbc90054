"""Finds results in folders, and names them: what the browser asks for by id, never by path."""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
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
#: Results that come are seen after so long. [seconds]
LOOK_AGAIN = 2.0
#: Of an id.
_LONGEST = 80


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
    """All that was found: results of one pair, series of dates, tables of many pairs, and samples of maps to judge."""

    results: dict[str, Found]
    series: dict[str, Found]
    tables: dict[str, Found]
    samples: dict[str, Found]


class Catalogue:
    """What lies in the folders `roots`; looked through again when it is asked for, but not more often than LOOK_AGAIN.

    No link is followed from there on.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = [root.resolve() for root in roots]
        self._lock = Lock()
        self._contents = Contents({}, {}, {}, {})
        self._looked = float("-inf")

    @property
    def contents(self) -> Contents:
        with self._lock:
            if time.monotonic() - self._looked > LOOK_AGAIN:
                self._contents, self._looked = find(self.roots), time.monotonic()
            return self._contents

    def look_again(self) -> None:
        """When it is asked for next."""
        with self._lock:
            self._looked = float("-inf")

    def result(self, id: str) -> Found:
        """NotThere where none is called so."""
        return self._known("result", self.contents.results, id)

    def series(self, id: str) -> Found:
        return self._known("series of dates", self.contents.series, id)

    def table(self, id: str) -> Found:
        return self._known("table of pairs", self.contents.tables, id)

    def sample(self, id: str) -> Found:
        return self._known("sample", self.contents.samples, id)

    def _known(self, what: str, found: dict[str, Found], id: str) -> Found:
        if id not in found:
            raise NotThere(f"There is no {what} of that name: go back to the list.")
        return found[id]


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
    """Every result in `roots`, and what belongs together."""
    places = [place for root in dict.fromkeys(roots) for place in _places(_Looked(root, root, root.name), 0)]
    kinds: dict[str, list[_Place]] = {"result": [], "series": [], "table": [], "sample": []}
    seen: set[tuple[str, Path]] = set()
    for place in places[:MOST_FOLDERS]:
        if (place.kind, place.folder) not in seen:
            seen.add((place.kind, place.folder))
            kinds[place.kind].append(place)
    return Contents(*(_named(kinds[kind]) for kind in kinds))


@dataclass(frozen=True)
class _Place:
    kind: str
    folder: Path
    name: str
    group: str | None
    of_series: bool = False


@dataclass(frozen=True)
class _Looked:
    """A folder that is looked through, in `root`; `group`: the set that what is in it belongs to."""

    folder: Path
    root: Path
    name: str
    group: str | None = None
    of_series: bool = False

    def inside(self, folder: Path, kind: str | None) -> "_Looked":
        """A folder in it, where it is of that kind itself; the pairs of a series are named as its own."""
        group = self.group if kind is None else self.folder.name
        is_shelf = kind == "series" and folder.name == PAIRS
        name = self.name if is_shelf else f"{self.name}/{folder.name}"
        return _Looked(folder, self.root, name, group, self.of_series or is_shelf)


def _places(looked: _Looked, depth: int) -> Iterator[_Place]:
    folder, within = looked.folder, folders_of(looked.root)
    if _holds(folder, DETAILS, within):
        yield _Place("result", folder, looked.name, looked.group, looked.of_series)
        return
    if _holds(folder, RECORD, within):
        yield _Place("sample", folder, looked.name, looked.group)
    kind = "series" if _holds(folder, TIMELINE, within) else "table" if _is_table(folder, within) else None
    if kind is not None:
        yield _Place(kind, folder, looked.name, None)
    if depth < DEEPEST:
        for inside in _folders_in(folder):
            yield from _places(looked.inside(inside, kind), depth + 1)


def _is_table(folder: Path, within: tuple[str, ...]) -> bool:
    return _holds(folder, SUMMARY, within) and _holds(folder, INDEX, within)


def _holds(folder: Path, name: str, within: tuple[str, ...]) -> bool:
    """Whether that file is there, and not only a link out of the folder that was named."""
    return refused(folder / name, within=within) is None


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
            ]
    except OSError:  # it is gone, or nobody may look into it
        return []
    return [folder / name for name in sorted(names)]


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
