"""An open labelling desk."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize

from minenetcd.errors import DataError, InputError, OptionError, one_line
from minenetcd.files import settle
from minenetcd.files.locks import locked
from minenetcd.foreign import read_json, refuse_links_out
from minenetcd.geo.date_files.finding import Image, find_date
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.labelling.labels.making import AFTER, BEFORE, FACTS, FORMAT, SEGMENTS
from minenetcd.labelling.labels.marks import CHANGED, NOT_LABELLED, UNCHANGED, Kind, Mark
from minenetcd.labelling.labels.proposing import mapped_change, mostly_changed
from minenetcd.labelling.labels.saving import save_labels
from minenetcd.labelling.labels.state import LabelState
from minenetcd.labelling.labels.store import MarkStore
from minenetcd.labelling.segments.hierarchy import NONE, Hierarchy
from minenetcd.secrets import without_secrets

MARKS, LOCK = "marks.sqlite", ".minenetcd-label.lock"

#: Column and row of a place on the grid, of the corner before the first pixel on.
Place = tuple[float, float]


@dataclass(frozen=True)
class Counts:
    """Pixels by label."""

    changed: int
    unchanged: int
    not_labelled: int


@dataclass(frozen=True)
class LabelledSegments:
    """Of each finest segment its label (N,), as masks have it, and what it is shown as (`LabelState.units`)."""

    values: NDArray[np.uint8]
    units: NDArray[np.int32]


class Desk:
    """The desk in a folder that `make_desk` made; for threads. Made by `open_desk`.

    Each act is kept before it is answered: a desk that is opened again goes on where it was.
    """

    def __init__(self, folder: Path, result: Path | None) -> None:
        self.folder = folder
        facts = _facts(folder)
        self.sources: dict[str, dict[str, Any]] = {role: facts[role] for role in ("before", "after")}
        with Raster.open(folder / BEFORE) as raster:
            self.grid: Grid = raster.grid
        self.hierarchy = _segments(folder / SEGMENTS, self.grid)
        self._store = MarkStore(folder / MARKS)
        self._lock = RLock()
        try:
            self.state = LabelState(self.hierarchy, self._store.marks())
        except (IndexError, OverflowError, TypeError) as error:
            raise DataError(
                f"{folder / MARKS} is of other segments, or damaged ({one_line(error)}): restore it, or begin another "
                "folder."
            ) from error
        self.revision = self._store.revision
        self._change = None if result is None else mapped_change(result, self.grid)

    @property
    def proposes(self) -> bool:
        """Whether there is a map of change to take over."""
        return self._change is not None

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Pixels of each finest segment."""
        known = self.hierarchy.finest[self.hierarchy.finest != NONE]
        return np.bincount(known, minlength=self.hierarchy.count(0)).astype(np.int64)

    @property
    def can_undo(self) -> bool:
        """Whether there is an act to take back."""
        return self.state.acts > 0

    def counts(self) -> Counts:
        with self._lock:
            changed, unchanged, rest = (
                int(self.sizes[self.state.values == value].sum()) for value in (CHANGED, UNCHANGED, NOT_LABELLED)
            )
        return Counts(changed, unchanged, rest)

    def labelled(self, level: int) -> LabelledSegments:
        """What is shown at a scale, of one moment."""
        with self._lock:
            return LabelledSegments(self.state.values.copy(), self.state.units(self._checked(level)))

    def mark(self, places: Sequence[Place], level: int, value: int, *, radius: float = 0.0) -> int:
        """Call the segments at a place, or along a line of a brush of `radius` [px], changed (1), unchanged (0) or not
        labelled (255); how many pixels that is. OptionError where there are none."""
        if value not in (CHANGED, UNCHANGED, NOT_LABELLED):
            raise OptionError(f"A label is 1 (changed), 0 (unchanged) or 255 (not labelled), got {value}: choose one.")
        with self._lock:
            members = self.state.whole(self._touched(places, radius), self._checked(level))
            self._do(Mark("mark", members, value))
            return int(self.sizes[members].sum())

    def split(self, place: Place, level: int) -> None:
        """Show the segment at `place` in its parts. OptionError where it has none."""
        with self._lock:
            self._do(self.state.split(int(self._touched([place], 0)[0]), self._checked(level)))

    def merge(self, places: Sequence[Place], level: int, *, radius: float = 0.0) -> None:
        """Make one segment of all that a line touches. OptionError where it touches one."""
        with self._lock:
            self._do(self.state.merged(self._touched(places, radius), self._checked(level)))

    def propose(self, level: int) -> int:
        """Call segments changed that nobody has labelled, and most of which the result's map calls changed.

        How many pixels that is. OptionError without a result.
        """
        if self._change is None:
            raise OptionError("A map of change is needed for a proposal, none was given: name one (--result RESULT).")
        with self._lock:
            found = mostly_changed(self._change, self.hierarchy.finest, self.state.units(self._checked(level)))
            return self._label_all("proposal", CHANGED, found)

    def label_rest(self) -> int:
        """Call unchanged what nobody has labelled; how many pixels that is."""
        with self._lock:
            return self._label_all("rest", UNCHANGED, np.ones(len(self.sizes), bool))

    def undo(self) -> bool:
        """Take the last act back; whether there was one."""
        with self._lock:
            if self._store.undo() is None:
                return False
            self.state = LabelState(self.hierarchy, self._store.marks())
            self.revision = self._store.revision
            return True

    def mask(self) -> NDArray[np.uint8]:
        """1 changed, 0 unchanged, 255 not labelled or no data (H, W)."""
        with self._lock:
            values = np.append(self.state.values, np.uint8(NOT_LABELLED))
        mask: NDArray[np.uint8] = values[self.hierarchy.finest]  # the last one is that of NONE, -1
        return mask

    def save(self) -> dict[str, Path]:
        """Write mask, polygons and site table; the files by what they are."""
        return save_labels(self.folder, self.mask(), self.grid, (BEFORE, AFTER))

    def _label_all(self, kind: Kind, value: int, wanted: NDArray[np.bool_]) -> int:
        members = self.state.unlabelled()
        members = members[wanted[members]]
        if len(members):
            self._do(Mark(kind, members, value))
        return int(self.sizes[members].sum())

    def _do(self, mark: Mark) -> None:
        number = self._store.add(mark)
        self.state.apply(number, mark)
        self.revision = self._store.revision

    def _checked(self, level: int) -> int:
        last = len(self.hierarchy.scales) - 1
        if not 0 <= level <= last:
            raise OptionError(f"The number of a scale is 0 to {last}, got {level}: choose one.")
        return level

    def _touched(self, places: Sequence[Place], radius: float) -> NDArray[np.int32]:
        """Finest segments at a place or along a line. OptionError where there are none."""
        if not places or not np.isfinite(places).all() or not 0 <= radius <= max(self.grid.shape):
            raise OptionError("Places in numbers and a radius inside the image are needed: give others.")
        line = shapely.LineString(places) if len(places) > 1 else shapely.Point(places[0])
        shape = line.buffer(radius) if radius else line
        left, top, right, bottom = shape.bounds
        rows = slice(max(0, int(top)), max(0, min(self.grid.height, int(bottom) + 1)))
        columns = slice(max(0, int(left)), max(0, min(self.grid.width, int(right) + 1)))
        part = self.hierarchy.finest[rows, columns]
        if part.size:
            corner = Affine.translation(columns.start, rows.start)
            inside = rasterize([shape], out_shape=part.shape, transform=corner, all_touched=True, dtype=np.uint8)
            part = part[inside.astype(bool)]
        found: NDArray[np.int32] = np.unique(part[part != NONE])
        if not len(found):
            raise OptionError("A place where both dates have data is needed, there is none: choose another.")
        return found


@contextmanager
def open_desk(folder: str | Path, *, result: Path | None = None) -> Iterator[Desk]:
    """The desk in `folder`; `result`: a folder with a map of the same pair, to be proposed.

    InputError where there is no desk, DataError where it is damaged, OutputError where another program has it open.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"A folder with a labelling desk is needed, there is no folder {folder}: name another.")
    settle(place)
    _ = _facts(place)
    refuse_links_out(place, FACTS, BEFORE, AFTER, SEGMENTS, MARKS, error=DataError)
    with locked(place / LOCK, refusal=f"Another program labels in {folder}: end it, or name another folder (--out)."):
        yield Desk(place, result)


def is_desk(folder: Path) -> bool:
    """Whether `make_desk` has made one there."""
    return (folder / FACTS).is_file()


def check_same_pair(folder: Path, before: Image | None, after: Image | None) -> None:
    """OptionError where the desk in `folder` is of other images than those named."""
    facts = _facts(folder)
    for role, image in (("before", before), ("after", after)):
        own = facts[role].get("source")
        named = None if image is None else str(find_date(image))
        if named is not None and own not in (named, os.path.abspath(named), without_secrets(named)):
            raise OptionError(
                f"The images of the desk in {folder} are needed, it is of {own}, got {named}: name another folder "
                "(--out)."
            )


def _facts(folder: Path) -> dict[str, Any]:
    if not is_desk(folder):
        raise InputError(f"A folder with a labelling desk is needed, {folder} holds none: name another.")
    facts: dict[str, Any] = read_json(folder / FACTS, DataError)
    is_ours = isinstance(facts, dict) and all(isinstance(facts.get(role), dict) for role in ("before", "after"))
    if not is_ours or facts.get("format") != FORMAT:
        raise DataError(f"{folder / FACTS} is not that of a desk of this version: begin another folder.")
    return facts


def _segments(path: Path, grid: Grid) -> Hierarchy:
    try:
        hierarchy = Hierarchy.load(path)
    except (OSError, ValueError, LookupError, EOFError) as error:
        raise DataError(f"{path} cannot be read ({one_line(error)}): begin another folder.") from error
    if hierarchy.finest.shape != grid.shape:
        raise DataError(f"{path} is not of the images beside it: begin another folder.")
    return hierarchy
