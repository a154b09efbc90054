"""Tasks in processes that are killed, fail, and are stopped, while the rest go on."""

import sys
from pathlib import Path
from typing import Any

import pytest

from minenetcd.runtime.pool import Event, Failed, Finished, Noted, Progressed, Started, Task, run_tasks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture(autouse=True)
def tasks_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 6)


def task(function: str, folder: Path, **arguments: Any) -> Task:
    return Task(
        f"{function} {arguments}", f"runtime.tasks:{function}", arguments, log=str(folder / function / "log.txt")
    )


def run(tasks: list[Task], folder: Path, workers: int = 1) -> list[Event]:
    return list(run_tasks(tasks, workers=workers, log=folder / "workers.log", device="cpu"))


def test_a_worker_runs_task_after_task(tmp_path: Path) -> None:
    first, second = (task("double", tmp_path, number=number) for number in (1, 2))
    events = run([first, second], tmp_path)
    assert events[:3] == [Started(first), Noted(first, "number 1"), Progressed(first, "test", 1, 1)]
    results = [event.result for event in events if isinstance(event, Finished)]
    assert [result["number"] for result in results] == [2, 4]
    assert {result["threads"] for result in results} == {"6"}
    assert len({result["process"] for result in results}) == 1
    assert (tmp_path / "double" / "log.txt").read_text() == "doubling\n" * 2


def test_what_fails_and_what_is_killed_does_not_take_the_rest_with_it(tmp_path: Path) -> None:
    tasks = [
        task("kill_itself", tmp_path),
        task("fail", tmp_path),
        task("missing", tmp_path),
        *(task("double", tmp_path, number=number) for number in (3, 4)),
    ]
    events = run(tasks, tmp_path, workers=2)
    errors = {event.task.name: event.error for event in events if isinstance(event, Failed)}
    assert errors.pop(tasks[0].name) == "its process was killed by signal 9: most likely the machine ran out of memory"
    assert errors.pop(tasks[1].name) == "Data are needed, none came: give some."
    assert errors.pop(tasks[2].name).startswith("AttributeError: ") and not errors
    results = [event.result for event in events if isinstance(event, Finished)]
    assert sorted(result["number"] for result in results) == [6, 8]
    assert {result["threads"] for result in results} == {"3"}
    assert "Traceback" in (tmp_path / "fail" / "log.txt").read_text()


def test_a_task_is_asked_once_to_save_and_end(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    running, waiting = task("run_until_stopped", tmp_path, saved=str(saved)), task("double", tmp_path, number=1)
    stop: list[bool] = []
    events = []
    for event in run_tasks(
        [running, waiting], workers=1, log=tmp_path / "workers.log", device="cpu", stopped=lambda: bool(stop)
    ):
        events.append(event)
        if isinstance(event, Progressed):
            stop.append(True)
    assert events == [Started(running), Progressed(running, "train", 1, 100)]
    assert saved.read_text() == "saved"


def test_a_process_that_cannot_start_is_a_failed_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    one = task("double", tmp_path, number=1)
    assert run([one], tmp_path) == [
        Started(one),
        Failed(one, "its process ended by itself (exit code 1)", process_ended=True),
    ]
