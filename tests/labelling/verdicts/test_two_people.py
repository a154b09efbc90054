"""Two people, two processes, a kill: whatever the order, the counts are right and the original outlines untouched."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from minenetcd.geo.polygons.hectares import geodesic_hectares
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.labelling.verdicts.verdict import STATUSES

GPKG = "change.gpkg"
PEOPLE = st.sampled_from(["Ann", "Ben"])
POLYGONS = st.integers(1, 6)


@dataclass
class Said:
    """One verdict in the simplest model of a review: a list."""

    step: int
    polygon: int
    status: str
    by: str
    grown: float | None  # metres that the outline was moved out by
    is_undone: bool = False


class Review(RuleBasedStateMachine):
    """A review by two people, beside a list of what they said."""

    source: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="review"))
        shutil.copytree(self.source, self.folder, dirs_exist_ok=True)
        self.original = gpd.read_file(self.folder / GPKG, layer="change").set_index("id")
        self.said: list[Said] = []
        self.steps = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(polygon=POLYGONS, status=st.sampled_from(STATUSES), by=PEOPLE, grown=st.none() | st.sampled_from([5.0, 15.0]))
    def give(self, polygon: int, status: str, by: str, grown: float | None) -> None:
        geometry = None if grown is None else self.original.geometry[polygon].buffer(grown)
        verdict = Verdicts(self.folder).give(polygon, status, by=by, geometry=geometry)
        before = self.standing(polygon)
        assert (verdict.replaces is None) == (before is None)
        self.steps += 1
        self.said.append(Said(self.steps, polygon, status, by, grown))

    @rule(confidence=st.sampled_from([0.5, 0.6, 0.9, 1.0]), by=PEOPLE)
    def accept_above(self, confidence: float, by: str) -> None:
        given = Verdicts(self.folder).accept_above(confidence, by=by)
        sure = self.original.index[self.original["confidence_mean"] >= confidence]
        expected = [id for id in sure if self.standing(id) is None]
        assert [verdict.polygon for verdict in given] == expected
        self.steps += bool(expected)
        self.said += [Said(self.steps, id, "accepted", by, None) for id in expected]

    @rule(by=PEOPLE)
    def undo(self, by: str) -> None:
        own = [each.step for each in self.said if each.by == by and not each.is_undone]
        undone = Verdicts(self.folder).undo(by=by)
        assert (undone is None) == (not own)
        for each in self.said:
            each.is_undone |= bool(own) and each.step == own[-1]
        self.steps += bool(own)

    @invariant()
    def counts_are_right(self) -> None:
        counts = Verdicts(self.folder).counts()
        for status in STATUSES:
            ids = [id for id in self.original.index if (said := self.standing(id)) and said.status == status]
            assert counts.parts[status].places == len(ids)
            assert counts.parts[status].area == pytest.approx(sum(self.area(id) for id in ids), rel=1e-6)
        assert counts.places == len(self.original)
        assert counts.revision == self.steps

    @invariant()
    def originals_are_untouched(self) -> None:
        now = gpd.read_file(self.folder / GPKG, layer="change").set_index("id")
        assert now.geometry.geom_equals(self.original.geometry).all()
        assert now[self.original.columns.drop("geometry")].equals(self.original.drop(columns="geometry"))

    def standing(self, polygon: int) -> Said | None:
        return next((each for each in reversed(self.said) if each.polygon == polygon and not each.is_undone), None)

    def area(self, polygon: int) -> float:
        grown = [each.grown for each in self.said if each.polygon == polygon and not each.is_undone and each.grown]
        if not grown:
            return float(self.original["area_ha"][polygon])
        return geodesic_hectares(self.original.geometry[polygon].buffer(grown[-1]), self.original.crs)


@pytest.mark.slow  # a file is written and synced at every step
def test_any_order_of_two_people_leaves_counts_right_and_originals_untouched(made_result: Path) -> None:
    machine = type("ReviewOfResult", (Review,), {"source": made_result})
    quick = settings(
        max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(machine, settings=quick)


JUDGING = """
import sys
from minenetcd.labelling.verdicts.store import Verdicts
verdicts = Verdicts(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for turn in range(15):
    verdicts.give(turn % 6 + 1, "accepted" if turn % 2 else "rejected", by=sys.argv[2])
"""


@pytest.mark.slow  # two processes import the package
def test_two_processes_at_once_lose_nothing(result: Path) -> None:
    people = [judging(JUDGING, result, name) for name in ("Ann", "Ben")]
    for process in people:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in people:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in people:
        process.communicate()
        assert process.returncode == 0
    history = gpd.read_file(result / GPKG, layer="verdicts")
    assert history["revision"].tolist() == [*range(1, 31)]
    assert history.groupby("reviewed_by").size().to_dict() == {"Ann": 15, "Ben": 15}
    last = history.groupby("polygon")["status"].last().to_dict()
    assert Verdicts(result).statuses() == last


DRAWING = """
import sys
from minenetcd.labelling.verdicts.store import Verdicts
verdicts = Verdicts(sys.argv[1])
outline = verdicts.polygons().geometry.iloc[0].buffer(1)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(25):
    verdicts.give(1, "accepted", by=sys.argv[2], geometry=outline)
    verdicts.undo(by=sys.argv[2])
"""


@pytest.mark.slow  # a process imports the package
@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_verdicts_and_outlines_are_of_one_moment(result: Path, journal: str) -> None:
    with closing(sqlite3.connect(result / GPKG)) as gis:
        gis.execute(f"PRAGMA journal_mode = {journal}")
        process = judging(DRAWING, result, "Ann")
        assert process.stdin and process.stdout and process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
        seen = set()
        while process.poll() is None:
            first = Verdicts(result).polygons().iloc[0]
            assert (first["status"] == "accepted") == first["edited"]
            seen.add(bool(first["edited"]))
    assert seen == {True, False}
    process.communicate()
    assert process.returncode == 0


def test_polygons_are_read_while_another_thread_judges(result: Path) -> None:
    """As in a server, where GDAL's own SQLite would take the locks of the one that writes."""
    verdicts = Verdicts(result)
    verdicts.give(1, "unsure", by="Ann")
    with ThreadPoolExecutor(1) as other:
        judged = other.submit(lambda: [verdicts.give(turn % 6 + 1, "accepted", by="Ann") for turn in range(25)])
        while not judged.done():
            assert len(verdicts.polygons()) == 6
        assert len(judged.result()) == 25
    with closing(sqlite3.connect(result / GPKG)) as whole:
        assert whole.execute("PRAGMA integrity_check").fetchone() == ("ok",)


HALF_WAY = """
import sys, time
from pathlib import Path
from minenetcd.files import in_turn
from minenetcd.labelling.verdicts.history import append
from minenetcd.labelling.verdicts.tables import geopackage, prepare
folder = Path(sys.argv[1])
with in_turn(folder), geopackage(folder / "change.gpkg").writing() as database:
    database.execute("PRAGMA cache_size = 1")  # so that half of it is in the file already
    prepare(database)
    append(database, [1, 2, 3], "rejected", sys.argv[2], comment="x" * 2000, images={})
    database.execute("PRAGMA cache_spill = 1")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.slow  # a process imports the package
@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_kill_in_the_middle_of_a_transaction_loses_nothing_that_was_said(result: Path) -> None:
    Verdicts(result).give(4, "accepted", by="Ann")
    process = judging(HALF_WAY, result, "Ben")
    assert process.stdout and process.stdout.readline() == "ready\n"
    assert (result / f"{GPKG}-journal").exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    verdicts = Verdicts(result)
    assert verdicts.statuses() == {4: "accepted"}
    assert verdicts.give(1, "unsure", by="Ben").revision == 2
    assert not (result / f"{GPKG}-journal").exists()
    with closing(sqlite3.connect(result / GPKG)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def judging(code: str, folder: Path, name: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
