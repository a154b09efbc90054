"""What a person does at a desk: marks, splits, merges, undoes; each act is kept."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from labelling.drawn_pair import CHANGED, NOT_LABELLED, UNCHANGED
from minenetcd.errors import OptionError, OutputError
from minenetcd.labelling.labels.desk import MARKS, Desk, open_desk

pytestmark = pytest.mark.needs("numba")


def segment_at(desk: Desk, column: int, row: int, level: int) -> np.ndarray:
    """The pixels of what is one segment at a place and a scale (H, W)."""
    units = desk.state.units(level)
    found: np.ndarray = units[desk.hierarchy.finest] == units[desk.hierarchy.finest[row, column]]
    return found


def test_a_click_marks_the_segment_of_a_scale_and_undo_takes_it_back(folder: Path) -> None:
    with open_desk(folder) as desk:
        assert (desk.mask() == NOT_LABELLED).all()
        pixels = desk.mark([(80.5, 60.5)], 2, CHANGED)
        assert np.array_equal(desk.mask() == CHANGED, segment_at(desk, 80, 60, 2))
        assert pixels == desk.counts().changed == (desk.mask() == CHANGED).sum()
        desk.mark([(80.5, 60.5)], 0, UNCHANGED)
        assert desk.mask()[60, 80] == UNCHANGED and (desk.mask() == CHANGED).any()
        assert desk.undo() and desk.undo() and not desk.undo()
        assert (desk.mask() == NOT_LABELLED).all()


def test_a_brush_marks_all_that_it_touches(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(20.5, 20.5), (100.5, 20.5), (100.5, 90.5)], 1, CHANGED, radius=3)
        mask = desk.mask() == CHANGED
        assert mask[20, 20:101].all() and mask[20:91, 100].all() and not mask.all()
        assert mask[23, 20:101].all()
        units = desk.state.units(1)[desk.hierarchy.finest]
        assert not set(units[mask]) & set(units[~mask])


def test_a_split_shows_parts_and_a_merge_makes_one(folder: Path) -> None:
    with open_desk(folder) as desk:
        whole, finest = segment_at(desk, 80, 60, 3), segment_at(desk, 80, 60, 0)
        desk.split((80.5, 60.5), 3)
        part = segment_at(desk, 80, 60, 3)
        assert (part <= whole).all() and part.sum() < whole.sum()
        assert len(np.unique(desk.state.units(3)[desk.hierarchy.finest[whole]])) > 1
        assert np.array_equal(segment_at(desk, 80, 60, 0), finest)
        rows, columns = np.nonzero(whole & ~part)
        other = (float(columns[0]) + 0.5, float(rows[0]) + 0.5)
        desk.merge([(80.5, 60.5), other], 3)
        merged = segment_at(desk, 80, 60, 3)
        assert (part <= merged).all() and merged[int(other[1]), int(other[0])]
        assert np.array_equal(segment_at(desk, 80, 60, 0), merged)  # one at every scale
        desk.split((80.5, 60.5), 3)
        assert np.array_equal(segment_at(desk, 80, 60, 3), part)
        desk.undo()
        assert np.array_equal(segment_at(desk, 80, 60, 3), merged)
        desk.undo()
        desk.undo()
        assert np.array_equal(segment_at(desk, 80, 60, 3), whole)


def test_what_cannot_be_done_is_refused_in_a_line(folder: Path) -> None:
    with open_desk(folder) as desk:
        with pytest.raises(OptionError, match="it is of the finest scale"):
            for _ in range(5):
                desk.split((80.5, 60.5), 3)
        with pytest.raises(OptionError, match="Two segments or more"):
            desk.merge([(80.5, 60.5)], 0)
        with pytest.raises(OptionError, match="both dates have data"):
            desk.mark([(-5, 60)], 0, CHANGED)
        with pytest.raises(OptionError, match="number of a scale is 0 to 3, got 4"):
            desk.mark([(5, 60)], 4, CHANGED)
        with pytest.raises(OptionError, match="A label is 1"):
            desk.mark([(5, 60)], 1, 7)
        with pytest.raises(OptionError, match="radius inside the image"):
            desk.mark([(5, float("nan"))], 1, CHANGED)
        with pytest.raises(OptionError, match="none was given: name one"):
            desk.propose(1)


def test_a_desk_goes_on_where_it_was(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(80.5, 60.5)], 2, CHANGED)
        desk.split((20.5, 20.5), 3)
        desk.mark([(20.5, 20.5)], 3, UNCHANGED)
        mask, revision = desk.mask(), desk.revision
    with open_desk(folder) as desk:
        assert np.array_equal(desk.mask(), mask) and desk.revision == revision == 3
        desk.undo()
        assert desk.revision == 4


def test_a_kill_loses_nothing_that_was_answered(folder: Path) -> None:
    code = (
        "import sys\n"
        "from minenetcd.labelling.labels.desk import open_desk\n"
        "with open_desk(sys.argv[1]) as desk:\n"
        "    for column in range(1000):\n"
        "        desk.mark([(column % 160 + 0.5, 60.5)], 0, 1)\n"
        "        print(column, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "12":
                os.kill(process.pid, signal.SIGKILL)
                break
    with open_desk(folder) as desk:
        assert (desk.mask()[60, :13] == CHANGED).all()
        assert desk.revision >= 13


def test_only_one_program_has_a_desk_open(folder: Path) -> None:
    with open_desk(folder), pytest.raises(OutputError, match="Another program labels in"), open_desk(folder):
        pass


def test_nothing_that_was_undone_is_removed(folder: Path) -> None:
    with open_desk(folder) as desk:
        desk.mark([(80.5, 60.5)], 2, CHANGED)
        desk.undo()
    with sqlite3.connect(folder / MARKS) as database:
        assert database.execute("SELECT kind, value, undone FROM mark").fetchall() == [("mark", 1, 1)]


def test_what_is_shown_is_of_one_moment_while_others_merge_and_undo(folder: Path) -> None:
    with open_desk(folder) as desk:
        plain = len(np.unique(desk.labelled(0).units))
        seen: list[int] = []
        over = threading.Event()

        def look() -> None:
            while not over.is_set():
                seen.append(plain - len(np.unique(desk.labelled(0).units)))

        with ThreadPoolExecutor(2) as threads:
            looks = [threads.submit(look) for _ in range(2)]
            for _ in range(30):
                desk.merge([(80.5, 60.5), (120.5, 100.5)], 0)
                desk.undo()
            over.set()
            for each in looks:
                each.result()
        assert len(set(seen)) <= 2 and min(seen) >= 0  # whole, or as before: nothing between
        assert len(np.unique(desk.labelled(0).units)) == plain
