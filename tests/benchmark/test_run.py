"""A suite from beginning to end, in processes that are killed, fail, and go on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from minenetcd.benchmark.folder import BenchmarkFolder
from minenetcd.benchmark.record import Record
from minenetcd.benchmark.run import SuiteReporter, run_suite
from minenetcd.benchmark.suite.cells import Cell, expand
from minenetcd.benchmark.suite.suites import read_suite
from minenetcd.configs.suite import Suite
from minenetcd.errors import OptionError
from minenetcd.files import locked
from training.squares import write_squares

pytestmark = pytest.mark.slow

RUN = """
import sys
from minenetcd.benchmark.run import run_suite
from minenetcd.benchmark.suite.suites import read_suite
run_suite(read_suite(sys.argv[1]), sys.argv[2], device="cpu")
"""


class Reports(SuiteReporter):
    """Remembers what is reported."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.estimates: list[float | None] = []

    def plan(self, cells: int, finished: int) -> None:
        self.events.append(("plan", cells, finished))

    def started(self, cell: Cell) -> None:
        self.events.append(("started", cell.label, cell.seed))

    def ended(self, cell: Cell, record: Record | None, error: str | None) -> None:
        self.events.append(("finished" if record else "failed", cell.label, cell.seed))

    def remaining(self, seconds: float | None) -> None:
        self.estimates.append(seconds)


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("squares"))


def values(squares: Path, *, steps: int = 4, **changes: Any) -> dict[str, Any]:
    narrow = {"model": {"decoder_channels": 8, "auxiliary_channels": 8}}
    return {
        "name": "squares",
        "methods": [
            {"config": "minenetcd-compact", "label": "compact", "settings": narrow},
            {"config": "minenetcd-compact", "label": "broken", "weights": "no/such-folder"},
        ],
        "datasets": [{"name": str(squares), "label": "Squares"}],
        "recipes": [{"name": "strong", "label": "short", "steps": steps, "batch_size": 4, "crop": None}],
        "seeds": [1],
        "beside": [],
        "settings": {"data": {"workers": 0}, "trainer": {"validate_steps": 100, "checkpoint_steps": 1, "trackers": []}},
        **changes,
    }


def counts(suite: Suite, out: Path) -> dict[str, list[int]]:
    folder = BenchmarkFolder(out)
    records = {cell.id: folder.record(cell) for cell in expand(suite)}
    return {name: record.metrics.counts.to_tensor().tolist() for name, record in records.items() if record}


def test_a_failing_cell_is_reported_and_the_rest_go_on(
    squares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    reports = Reports()
    readers = values(squares)
    readers["settings"]["data"]["workers"] = 1
    outcome = run_suite(read_suite(readers), tmp_path / "out", jobs=2, device="cpu", reporter=reports)
    assert [cell.label for cell in outcome.finished] == ["compact"] and len(outcome.failed) == 1
    error = next(iter(outcome.failed.values()))
    assert "no/such-folder" in error and "\n" not in error
    assert reports.events[0] == ("plan", 2, 0)
    assert {event for event in reports.events if event[0] != "plan"} == {
        ("started", "compact", 1), ("started", "broken", None), ("finished", "compact", 1), ("failed", "broken", None),
    }  # fmt: skip
    assert "Traceback" in (tmp_path / "out" / "cells" / next(iter(outcome.failed)) / "log.txt").read_text()
    page = outcome.report.read_text(encoding="utf-8")
    assert "1 of 2 cells failed." in page
    # again: what is finished stays, what failed is tried once more
    reports = Reports()
    assert len(run_suite(read_suite(values(squares)), tmp_path / "out", device="cpu", reporter=reports).failed) == 1
    assert reports.events == [("plan", 2, 1), ("started", "broken", None), ("failed", "broken", None)]


def test_results_on_data_that_changed_are_not_gone_on_with(tmp_path: Path) -> None:
    data = write_squares(tmp_path / "data")
    method = {"config": "minenetcd-nano", "label": "embedded", "weights": "minenetcd-nano"}
    suite = read_suite(values(data, methods=[method]))
    assert len(run_suite(suite, tmp_path / "out", device="cpu").finished) == 1
    mask = next((data / "test" / "label").iterdir())
    Image.open(mask).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(mask)
    with pytest.raises(OptionError, match=r"has changed since embedded.* was measured: choose another --out"):
        run_suite(suite, tmp_path / "out", device="cpu")
    assert len(run_suite(suite, tmp_path / "other", device="cpu").finished) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_killed_and_run_again_it_goes_on_to_the_same_counts(squares: Path, tmp_path: Path) -> None:
    suite = values(squares, steps=25, methods=values(squares)["methods"][:1], seeds=[1, 2])
    path = tmp_path / "squares.yaml"
    path.write_text(yaml.safe_dump(suite))
    out = tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", RUN, str(path), str(out)])
    wait_for(lambda: list(out.glob("runs/*/checkpoints/step-00000001*.pt")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    worker_saves_and_ends(out)
    steps = max(int(path.stem.removeprefix("step-")) for path in out.glob("runs/*/checkpoints/step-*.pt"))
    assert 10 <= steps < 25 and not list(out.glob("cells/*/record.json"))
    reports = Reports()
    outcome = run_suite(read_suite(path), out, device="cpu", reporter=reports)
    assert len(outcome.finished) == 2 and not outcome.failed
    assert any(seconds is not None for seconds in reports.estimates)
    run_suite(read_suite(path), tmp_path / "whole", device="cpu")
    assert counts(read_suite(path), out) == counts(read_suite(path), tmp_path / "whole")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_is_killed_is_a_failed_cell(squares: Path, tmp_path: Path) -> None:
    class Kills(Reports):
        def progressed(self, cell: Cell, phase: str, done: int, of: int) -> None:
            if cell.seed == 1:
                for child in children(os.getpid()):
                    os.kill(child, signal.SIGKILL)

    suite = read_suite(values(squares, methods=values(squares)["methods"][:1], seeds=[1, 2]))
    outcome = run_suite(suite, tmp_path / "out", device="cpu", reporter=Kills())
    assert [cell.seed for cell in outcome.finished] == [2]
    assert list(outcome.failed.values()) == [
        "its process was killed by signal 9: most likely the machine ran out of memory"
    ]


def children(parent: int) -> list[int]:
    """Processes that measure cells for `parent`."""
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "minenetcd.runtime.worker" in line]


def wait_for(condition: Any, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def worker_saves_and_ends(out: Path) -> None:
    """Until no process measures for `out` any more: the lock of its run is free."""
    for lock in out.glob("runs/*.lock"):
        with locked(lock):
            pass
